"""The version of this library, which every request names."""

VERSION = "0.1.0"
