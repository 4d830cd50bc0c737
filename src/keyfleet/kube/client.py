# SPDX-License-Identifier: Apache-2.0
"""Ask and change one cluster's API server.

Reads give dicts, typed metadata or Secrets with wrapped values; writes give the metadata of what
was written, so that no value comes back. Every error is one of ours and quotes nothing the server
said (`keyfleet.kube.responses`).
"""

from keyfleet.kube.inquiring import Inquirer
from keyfleet.kube.reading import Reader
from keyfleet.kube.writing import Writer


class Client(Reader, Writer, Inquirer):
    """One cluster."""
