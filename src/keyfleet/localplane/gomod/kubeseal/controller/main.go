// SPDX-License-Identifier: Apache-2.0

// Upstream's controller for one namespace of any API server. Its own program runs nowhere but in a
// pod, whose files it looks for at a fixed place; so its parts are put together here.
//
//	sealed-secrets-controller KUBECONFIG NAMESPACE KEY-SIZE
package main

import (
	"context"
	"crypto/rand"
	"io"
	"log"
	"os"
	"reflect"
	"strconv"
	"time"
	"unsafe" // for the names below, too

	"github.com/bitnami/sealed-secrets/pkg/apis/sealedsecrets/v1alpha1"
	"github.com/bitnami/sealed-secrets/pkg/client/clientset/versioned"
	"github.com/bitnami/sealed-secrets/pkg/controller"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const validFor = 10 * 365 * 24 * time.Hour

//go:linkname findKeys github.com/bitnami/sealed-secrets/pkg/controller.initKeyRegistry
func findKeys(context.Context, kubernetes.Interface, io.Reader, string, string, string, int, string) (*controller.KeyRegistry, error)

//go:linkname makeFirstKey github.com/bitnami/sealed-secrets/pkg/controller.initKeyRenewal
func makeFirstKey(context.Context, *controller.KeyRegistry, time.Duration, time.Duration, time.Time, string, string, string) (func(), error)

//go:linkname prepare github.com/bitnami/sealed-secrets/pkg/controller.prepareController
func prepare(kubernetes.Interface, string, string, func(*metav1.ListOptions), *controller.Flags, versioned.Interface, *controller.KeyRegistry) (*controller.Controller, error)

func main() {
	file, namespace := os.Args[1], os.Args[2]
	size, err := strconv.Atoi(os.Args[3])
	must(err)
	config, err := clientcmd.BuildConfigFromFlags("", file)
	must(err)
	// Nobody waits for 5 requests a second here.
	config.QPS = -1
	client, err := kubernetes.NewForConfig(config)
	must(err)
	sealed, err := versioned.NewForConfig(config)
	must(err)
	flags := &controller.Flags{
		KeyPrefix: "sealed-secrets-key", KeySize: size, KeyOrderPriority: "CertNotBefore",
		MaxRetries: 1, // more of them wait for their turn when a hundred manifests fail
	}
	v1alpha1.AcceptDeprecatedV1Data = true
	ctx := context.Background()
	keys, err := findKeys(ctx, client, rand.Reader, namespace, flags.KeyPrefix,
		controller.SealedSecretsKeyLabel, size, flags.KeyOrderPriority)
	must(err)
	_, err = makeFirstKey(ctx, keys, 0, validFor, time.Time{}, "", "", "")
	must(err)
	made, err := prepare(client, namespace, namespace, nil, flags, sealed, keys)
	must(err)
	updateStatus := reflect.ValueOf(made).Elem().FieldByName("updateStatus")
	*(*bool)(unsafe.Pointer(updateStatus.UnsafeAddr())) = true
	made.Run(make(chan struct{}))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
