# SPDX-License-Identifier: Apache-2.0
from keyfleet.model.decoding import Decoding


def test_the_words_are_those_of_manifests() -> None:
    words = ["None", "Base64", "Base64URL", "Auto"]
    assert [Decoding(word).value for word in words] == words
