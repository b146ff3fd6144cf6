"""The checks: one function a step, which first asks for the right thing, then attacks.

Each takes the functions to check and the lab (lab.py), and raises Wrong for a mistake. A mistake is
named only if what came is what that mistake gives; else expected and came speak for themselves.
"""
