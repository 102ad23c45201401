# Given to the interpreter of a venv by recompile.rs: how, bytecode and source of each file; one letter for each comes back.
import gc, importlib.util, marshal, os, sys

CODE = type(compile('', '', 'exec'))
FIELDS = ('co_name', 'co_qualname', 'co_argcount', 'co_posonlyargcount', 'co_kwonlyargcount', 'co_flags',
          'co_firstlineno', 'co_varnames', 'co_freevars', 'co_cellvars')


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def changed(path):
    try:
        return os.stat(os.path.realpath(path)).st_ctime_ns
    except (OSError, TypeError, ValueError):
        return 0


def constant(value):
    if isinstance(value, CODE):
        return essence(value)
    if isinstance(value, (tuple, frozenset)):
        return type(value).__name__, type(value)(map(constant, value))
    return type(value).__name__, repr(value)


# What a function says and calls, whatever instructions a release of the compiler makes of it.
def essence(code):
    fields = tuple(getattr(code, name, None) for name in FIELDS)
    return fields, frozenset(code.co_names), frozenset(map(constant, code.co_consts))


def look(how, level, bytecode, path):
    data, source = read(bytecode), read(path)
    if data[:4] != importlib.util.MAGIC_NUMBER or len(data) < 16:
        return 'U'
    flags = int.from_bytes(data[4:8], 'little')
    if flags in (0, 2):
        stat = os.stat(path)
        believed = (int(stat.st_mtime) & 0xffffffff).to_bytes(4, 'little') + (stat.st_size & 0xffffffff).to_bytes(4, 'little')
        if data[8:16] != believed:
            return 'U'
    elif flags in (1, 3):  # PEP 552: Python looks at the source only for 3
        if data[8:16] != importlib.util.source_hash(source):
            return 'U' if flags == 3 else 'S'
        if how == 'hash':
            return 'F'
    else:
        return 'U'
    try:
        there = marshal.loads(data[16:])
    except (EOFError, ValueError, TypeError):
        return 'B'
    if not isinstance(there, CODE):
        return 'B'
    try:
        wanted = compile(source, path, 'exec', 0, True, level)
    except (SyntaxError, ValueError):
        return 'S'
    if there == wanted:
        return 'F'
    if essence(there) != essence(wanted):
        return 'S'
    return 'O' if os.stat(bytecode).st_mtime_ns < compiler else 'I'


gc.disable()
compiler = max(changed(sys.executable), changed(os.__file__))
told = sys.argv[1:]
for at in range(0, len(told) - 2, 3):
    try:
        answer = look(told[at][:4], int(told[at][4:]), told[at + 1], told[at + 2])
    except (Exception, RecursionError):
        answer = 'E'
    os.write(1, answer.encode())
