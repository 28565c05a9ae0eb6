// Runs sections of test_sigv4.py that need no socket, process or thread under Pyodide (CPython in WebAssembly), by pytest itself.
// Arguments: the folder of the checkout, a folder with pytest installed by pip --target, the numbers of the sections, and an expression for -k.
import { loadPyodide } from "pyodide";

const [checkout, packages, sections, expression] = process.argv.slice(2);
const python = await loadPyodide();
for (const [from, to] of [[checkout, "/checkout"], [packages, "/packages"]]) {
  python.FS.mkdirTree(to);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: from }, to);
}
python.globals.set("sections", sections);
python.globals.set("expression", expression);
process.exitCode = python.runPython(`
import os, re, sys
sys.path.insert(0, "/packages")
sys.dont_write_bytecode = True
os.chdir("/checkout")
import pytest

class Sections:
    def pytest_collection_modifyitems(self, items):
        section, owner = None, []
        with open("test_sigv4.py", encoding="utf-8") as file:
            for line in file:
                banner = re.match("# ([0-9]+|[A-Z][a-z]+).* -{9,}$", line)
                section = banner.group(1) if banner else section
                owner.append(section)
        items[:] = [item for item in items if owner[item.function.__code__.co_firstlineno - 1] in sections.split()]

print("Pyodide: CPython", sys.version, "on", sys.platform)
int(pytest.main(["-q", "-p", "no:cacheprovider", "-k", expression], plugins=[Sections()]))
`);
