FUNCTION() {
    local rest="${COMP_LINE:0:COMP_POINT}" trimmed word strip i last=-1 IFS=$'\n'
    local -a words=()
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
    word="${words[last]}"
    # What bash does not replace, since it breaks words at some characters.
    strip="${word%"$2"}"
    COMPREPLY=($(_CLAP_IFS=$'\n' _CLAP_COMPLETE_INDEX="$last" ASKED=bash COMPLETER -- "${words[@]}" 2>/dev/null))
    for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
        COMPREPLY[i]="${COMPREPLY[i]#"$strip"}"
    done
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[/:=] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o bashdefault -F FUNCTION BIN
