"""Generates venvs that look real: packages of small modules that parse, dist-info with a RECORD that is true, an interpreter that answers.

The same seed always gives the same bytes. A million files take some minutes, so packages are written by one process per core.
"""
import base64
import hashlib
import os
import random
import shutil
import subprocess
import sys

from measure import apart

FILES_IN_A_PACKAGE = 40
WORDS = ("request response session value index buffer handler context token schema field config result callback stream header "
         "encoding timeout parent cursor query registry payload options worker signal matrix column vector batch").split()


@apart
def venv(path, files, seed=1):
    """A venv of about so many files."""
    from concurrent.futures import ProcessPoolExecutor  # only here, where its memory does not count

    subprocess.check_call([sys.executable, "-m", "venv", "--without-pip", path])
    site = site_packages(path)
    packages = range(max(1, files // FILES_IN_A_PACKAGE))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(package, [site] * len(packages), packages, [seed] * len(packages), chunksize=16):
            pass


def site_packages(venv):
    return f"{venv}/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def package(site, number, seed, version=0):
    """Writes one package; most of it is the same in every version."""
    chance = random.Random(f"{seed} {number} {version}")
    name, info = f"package_{number}", f"package_{number}-1.{version}.dist-info"
    os.makedirs(f"{site}/{name}/inner", exist_ok=True)
    os.makedirs(f"{site}/{info}", exist_ok=True)
    stays = random.Random(f"{seed} {number} 0")
    pool = [statement(stays) for _ in range(200)]
    files = {f"{name}/__init__.py": "from . import module_0\n", f"{name}/py.typed": "", f"{name}/inner/__init__.py": "",
             f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.{version}\nSummary: Made for measuring\n",
             f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: made\nRoot-Is-Purelib: true\nTag: py3-none-any\n", f"{info}/INSTALLER": "pip\n"}
    for module in range(FILES_IN_A_PACKAGE - len(files) - 1):
        length = min(int(stays.lognormvariate(2.4, 1)) + 2, 400)
        body = stays.choices(pool, k=length)
        if version and module % 5 == 0:
            body.append(statement(chance))
        where = "inner/" if module % 3 == 2 else ""
        files[f"{name}/{where}module_{module}.py"] = f'"""Module {module} of {name}."""\n\n\n' + "\n\n".join(body)
    record = []
    for path, text in files.items():
        data = text.encode()
        with open(f"{site}/{path}", "wb") as file:
            file.write(data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record.append(f"{path},sha256={digest},{len(data)}\n")
    with open(f"{site}/{info}/RECORD", "w") as file:
        file.write("".join(record) + f"{info}/RECORD,,\n")


def statement(chance):
    """A function of some lines."""
    word = lambda: chance.choice(WORDS)
    lines = [f"def {word()}_{chance.randrange(100000)}({word()}_a, {word()}_b=None):", f'    """Return the {word()} of a {word()}."""']
    lines += [f"    {word()} = {word()}.{word()}({chance.randrange(1 << 20)}, '{word()}-{chance.randrange(1 << 20):x}')" for _ in range(chance.randrange(1, 6))]
    return "\n".join(lines + [f"    return {chance.randrange(1000)}"]) + "\n"


def another_day(path, day, packages, seed=1):
    """What a day changes: one or two packages get a new version."""
    site = site_packages(path)
    for number in {day % packages, day * 7 % packages}:
        for name in os.listdir(site):
            if name.startswith(f"package_{number}-"):
                shutil.rmtree(f"{site}/{name}")
        package(site, number, seed, version=1 + day)


@apart
def large_file(path, megabytes, seed=1):
    """A package of one file that compresses a little."""
    chance = random.Random(seed)
    text = b"".join(f"{number:012d} measured\n".encode() for number in range(1 << 14))
    with open(path, "wb") as file:
        for _ in range(megabytes):
            file.write(chance.randbytes(1 << 19) + text[: 1 << 19])
