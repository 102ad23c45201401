FUNCTION() {
    local rest="${COMP_LINE:0:COMP_POINT}" trimmed word strip char mark text i at last=-1
    local -a words=() meant=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        trimmed="${rest#"${rest%%[![:space:]]*}"}"
        word="${COMP_WORDS[i]}"
        ((i == COMP_CWORD)) && word="$trimmed"
        if ((last >= 0)) && [[ -n $trimmed && $trimmed == "$rest" ]]; then
            words[last]+="$word"
        else
            words[++last]="$word"
        fi
        rest="${trimmed#"$word"}"
    done
    # The words as they are meant, without quotes and backslashes.
    for word in "${words[@]}"; do
        text='' mark=''
        for ((at = 0; at < ${#word}; at++)); do
            char="${word:at:1}"
            case "$mark$char" in
                "'" | '"') mark="$char" ;;
                "''" | '""') mark='' ;;
                '\' | '"\') ((++at)); text+="${word:at:1}" ;;
                *) text+="$char" ;;
            esac
        done
        meant+=("$text")
    done
    word="${words[last]}"
    # What bash does not replace, since it breaks words at some characters.
    strip="${word%"$2"}"
    mapfile -t COMPREPLY < <(
        _CLAP_IFS=$'\n' _CLAP_COMPLETE_INDEX="$last" ASKED=bash COMPLETER -- "${meant[@]}" 2>/dev/null
    )
    for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
        text="${COMPREPLY[i]}"
        # Within quotes that are open yet, nothing is to be quoted.
        [[ -z $mark && $text == *[!A-Za-z0-9_./:=@%+,~-]* ]] && printf -v text '%q' "$text"
        COMPREPLY[i]="${text#"$strip"}"
    done
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[/:=] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o bashdefault -F FUNCTION BIN
