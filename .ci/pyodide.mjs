// Runs the vectors, the laws and the bad input of test_sigv4.py under Pyodide (CPython in WebAssembly), by pytest itself.
// Arguments: the folder of the checkout, a folder with pytest installed by pip --target, and pytest's expression for -k.
import { loadPyodide } from "pyodide";

const [checkout, packages, expression] = process.argv.slice(2);
const python = await loadPyodide();
for (const [from, to] of [[checkout, "/checkout"], [packages, "/packages"]]) {
  python.FS.mkdirTree(to);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: from }, to);
}
python.globals.set("expression", expression);
process.exitCode = python.runPython(`
import os, sys
sys.path.insert(0, "/packages")
sys.dont_write_bytecode = True
os.chdir("/checkout")
import pytest
print("Pyodide: CPython", sys.version, "on", sys.platform)
int(pytest.main(["-q", "-p", "no:cacheprovider", "-k", expression]))
`);
