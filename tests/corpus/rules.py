"""Whether the sources that the rules of `snap deps` cite still say so: downloads each version that is named, and looks
for the text in the file. Outside of CI, since it needs a package index.

    python3 tests/corpus/rules.py src/audit/needs/rules.toml
"""

import pathlib
import subprocess
import sys
import tempfile
import tomllib
import zipfile


def main():
    rules = tomllib.loads(pathlib.Path(sys.argv[1]).read_text())["rule"]
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for rule in rules:
            source = rule["source"]
            name = f"{source['package']}=={source['version']}"
            place = pathlib.Path(folder, name)
            if not place.exists():
                subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(place),
                                "--disable-pip-version-check", "--only-binary", ":all:", name], check=True)
            with zipfile.ZipFile(next(place.glob("*.whl"))) as wheel:
                text = wheel.read(source["file"]).decode()
            if source["text"] not in text:
                wrong += 1
                print(f"{name}: {source['file']} does not say {source['text']!r}")
    print(f"{len(rules) - wrong} of {len(rules)} rules are as their sources say")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
