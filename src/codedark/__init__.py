"""codedark: what a hospital network works with from the call *Code Dark* until every record is back home."""

__version__ = "0.1.0"
