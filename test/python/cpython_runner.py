"""
Runs in the interpreter under test: one module of CPython's tests, writing `[test id, outcome]` a line.

    python cpython_runner.py MODULE REPORT [TEST…]
"""
import importlib.util
import json
import os
import sys
import unittest

MADE = 'procession_made_'


class Result(unittest.TextTestResult):
    """Notes outcomes as they come, so that a run that hangs has told what went before."""

    report = None

    def note(self, test, outcome):
        with open(self.report, 'a') as file:
            file.write(json.dumps([test.id(), outcome]) + '\n')

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, 'ok')

    def addError(self, test, error):
        super().addError(test, error)
        self.note(test, 'error')

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.note(test, 'failure')

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, 'skipped')

    def addExpectedFailure(self, test, error):
        super().addExpectedFailure(test, error)
        self.note(test, 'expected failure')

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note(test, 'unexpected success')

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.note(test, 'failure')


def module_name(module):
    """
    Where the tests are; '' if the installation left them out. Those of multiprocessing are three lines each around
    `test._test_multiprocessing`, and are made here where only that is installed.
    """
    if importlib.util.find_spec('test.' + module) is not None:
        return 'test.' + module
    method = module.rpartition('_')[2]
    if method not in ('fork', 'spawn', 'forkserver') or importlib.util.find_spec('test._test_multiprocessing') is None:
        return ''
    with open(MADE + method + '.py', 'w') as file:
        file.write('import test._test_multiprocessing as tests\ntests.install_tests_in_module_dict(globals(), %r)\n' % method)
    sys.path.insert(0, os.getcwd())
    return MADE + method


def main(module, report, *tests):
    Result.report = report
    from test import support
    support.use_resources = []
    name = module_name(module)
    if not name:
        with open(report, 'w') as file:
            file.write(json.dumps(['shipped', 'no']))
        return
    loader = unittest.defaultTestLoader
    try:
        suite = loader.loadTestsFromNames(tests) if tests else loader.loadTestsFromName(name)
    except unittest.SkipTest:
        suite = unittest.TestSuite()
    unittest.TextTestRunner(verbosity=2, resultclass=Result).run(suite)


if __name__ == '__main__':
    main(*sys.argv[1:])
