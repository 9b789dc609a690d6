"""Every case of cases.json as a test."""

import unittest

from acceptance.suite import SUITE, group_classes

globals().update(group_classes(Acceptance=SUITE["cases"], Properties=SUITE["properties"]))

if __name__ == "__main__":
    unittest.main()
