# SPDX-License-Identifier: Apache-2.0
"""Decide: desired against actual gives one step per target.

`placement` says where an intent is wanted, `checks` what speaks against a target, `decide` what to
do. All of it is pure: the engine gathers, and `plan`, `diff`, `why` and the controller use the same
functions.
"""
