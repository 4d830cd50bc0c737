# SPDX-License-Identifier: Apache-2.0
"""Reading what stores hold: logins, fetches that the fleet shares, limits, and what went wrong.

A store is found by `objects`, what it names by `references`, and logged in to once by `sessions`;
`fetches` asks within the limits of `limits`; `keeper` keeps stores validated.
"""
