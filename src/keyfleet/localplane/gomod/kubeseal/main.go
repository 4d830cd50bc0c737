// SPDX-License-Identifier: Apache-2.0

// What upstream's own code makes of sealed values, keys and certificates, for tests and benchmarks.
//
//	sealed-secrets-oracle    (one JSON request on each line of standard input, one answer on each of output)
//
// Bytes are base64, as Go's JSON has them. A request names what to `do`; `actions` lists it.
package main

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log"
	"os"
	"syscall"
	"time"

	"github.com/bitnami/sealed-secrets/pkg/apis/sealedsecrets/v1alpha1"
	"github.com/bitnami/sealed-secrets/pkg/crypto"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

type request struct {
	Do          string   `json:"do"`
	Keys        []string `json:"keys"`        // PEM of private keys
	Certificate string   `json:"certificate"` // PEM
	Label       []byte   `json:"label"`
	Value       []byte   `json:"value"`
	Text        []byte   `json:"text"` // a sealed value as it stands in a manifest, or a manifest
	Bits        int      `json:"bits"`
	Name        string   `json:"name"`  // a certificate's common name
	Count       int      `json:"count"` // how often
}

type answer struct {
	Error       string  `json:"error,omitempty"`
	Value       []byte  `json:"value,omitempty"`
	Text        string  `json:"text,omitempty"`
	Key         string  `json:"key,omitempty"`
	Certificate string  `json:"certificate,omitempty"`
	Fingerprint string  `json:"fingerprint,omitempty"`
	Seconds     float64 `json:"seconds,omitempty"` // of CPU
}

var actions = map[string]func(request) (answer, error){
	"decode":      decode,
	"open":        open,
	"seal":        seal,
	"unseal":      unseal,
	"generate":    generate,
	"key":         readKey,
	"certificate": readCertificate,
	"time open":   timed(open),
	"time seal":   timed(seal),
}

func main() {
	requests := bufio.NewReader(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for {
		line, err := requests.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked request
		if err := json.Unmarshal(line, &asked); err != nil {
			log.Fatal(err)
		}
		given, err := actions[asked.Do](asked)
		if err != nil {
			given = answer{Error: err.Error()}
		}
		if err := answers.Encode(given); err != nil {
			log.Fatal(err)
		}
	}
}

func decode(asked request) (answer, error) {
	value, err := base64.StdEncoding.DecodeString(string(asked.Text))
	return answer{Value: value}, err
}

func open(asked request) (answer, error) {
	keys, err := loadKeys(asked.Keys)
	if err != nil {
		return answer{}, err
	}
	raw, err := base64.StdEncoding.DecodeString(string(asked.Text))
	if err != nil {
		return answer{}, err
	}
	value, err := crypto.HybridDecrypt(rand.Reader, keys, raw, asked.Label)
	return answer{Value: value}, err
}

func seal(asked request) (answer, error) {
	key, err := loadCertificate(asked.Certificate)
	if err != nil {
		return answer{}, err
	}
	raw, err := crypto.HybridEncrypt(rand.Reader, key, asked.Value, asked.Label)
	return answer{Text: base64.StdEncoding.EncodeToString(raw)}, err
}

// unseal makes a whole SealedSecret (JSON) a Secret, as the controller does.
func unseal(asked request) (answer, error) {
	keys, err := loadKeys(asked.Keys)
	if err != nil {
		return answer{}, err
	}
	var sealed v1alpha1.SealedSecret
	if err := json.Unmarshal(asked.Text, &sealed); err != nil {
		return answer{}, err
	}
	secret, err := sealed.Unseal(scheme.Codecs, keys)
	if err != nil {
		return answer{}, err
	}
	text, err := json.Marshal(secret)
	return answer{Text: string(text)}, err
}

// generate makes a key and its certificate as the controller writes them into a Secret.
func generate(asked request) (answer, error) {
	key, made, err := crypto.GeneratePrivateKeyAndCert(asked.Bits, 10*365*24*time.Hour, asked.Name)
	if err != nil {
		return answer{}, err
	}
	return answer{
		Key:         block(keyutil.RSAPrivateKeyBlockType, x509.MarshalPKCS1PrivateKey(key)),
		Certificate: block(cert.CertificateBlockType, made.Raw),
	}, nil
}

func readKey(asked request) (answer, error) {
	key, err := loadKey(asked.Keys[0])
	if err != nil {
		return answer{}, err
	}
	return fingerprint(&key.PublicKey)
}

func readCertificate(asked request) (answer, error) {
	key, err := loadCertificate(asked.Certificate)
	if err != nil {
		return answer{}, err
	}
	return fingerprint(key)
}

// timed does the same many times; what it loads is loaded before.
func timed(action func(request) (answer, error)) func(request) (answer, error) {
	return func(asked request) (answer, error) {
		if _, err := action(asked); err != nil {
			return answer{}, err
		}
		before := used()
		for range asked.Count {
			if _, err := action(asked); err != nil {
				return answer{}, err
			}
		}
		return answer{Seconds: (used() - before).Seconds()}, nil
	}
}

// used returns the CPU time of this process: a shared machine says nothing by the clock.
func used() time.Duration {
	var now syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &now); err != nil {
		log.Fatal(err)
	}
	return time.Duration(now.Utime.Nano() + now.Stime.Nano())
}

var keysByPEM = map[string]*rsa.PrivateKey{}

func loadKeys(pems []string) (map[string]*rsa.PrivateKey, error) {
	keys := map[string]*rsa.PrivateKey{}
	for _, one := range pems {
		key, err := loadKey(one)
		if err != nil {
			return nil, err
		}
		keys[one] = key // upstream's map has fingerprints; nothing but its random order matters
	}
	return keys, nil
}

func loadKey(text string) (*rsa.PrivateKey, error) {
	if known := keysByPEM[text]; known != nil {
		return known, nil
	}
	found, err := keyutil.ParsePrivateKeyPEM([]byte(text))
	if err != nil {
		return nil, err
	}
	key, isRSA := found.(*rsa.PrivateKey)
	if !isRSA {
		return nil, fmt.Errorf("unexpected private key type %T", found)
	}
	keysByPEM[text] = key
	return key, nil
}

var certificatesByPEM = map[string]*rsa.PublicKey{}

func loadCertificate(text string) (*rsa.PublicKey, error) {
	if known := certificatesByPEM[text]; known != nil {
		return known, nil
	}
	found, err := cert.ParseCertsPEM([]byte(text))
	if err != nil {
		return nil, err
	}
	key, isRSA := found[0].PublicKey.(*rsa.PublicKey)
	if !isRSA {
		return nil, errors.New("expected RSA public key")
	}
	certificatesByPEM[text] = key
	return key, nil
}

func fingerprint(key *rsa.PublicKey) (answer, error) {
	text, err := crypto.PublicKeyFingerprint(key)
	return answer{Fingerprint: text}, err
}

func block(kind string, content []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}))
}
