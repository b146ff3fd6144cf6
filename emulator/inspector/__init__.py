"""The page of `python -m emulator`: what reached the gateway, from any SDK in any language.

calls.py keeps the newest calls, diagnosis.py finds out why a signature does not verify, page.py
serves what inspector.js shows.
"""
