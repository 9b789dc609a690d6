"""Unit tests, in a folder for each layer. Run them with: python3 -m unittest discover -s tests -t ."""
