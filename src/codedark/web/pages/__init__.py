"""The pages: plain functions from a visit to an answer."""
