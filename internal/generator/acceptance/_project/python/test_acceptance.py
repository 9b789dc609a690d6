"""Every case of cases.json as a test."""

import unittest

from acceptance.suite import SUITE, group_classes

globals().update(group_classes(SUITE["cases"], "Acceptance"))
globals().update(group_classes(SUITE["properties"], "Properties"))

if __name__ == "__main__":
    unittest.main()
