# SPDX-License-Identifier: Apache-2.0
"""URLs as Go's `net/url` takes them apart and puts them together."""

from keyfleet.transform.gotemplate.formats.urls.parsing import parse_url
from keyfleet.transform.gotemplate.formats.urls.url import Url, User

__all__ = ["Url", "User", "parse_url"]
