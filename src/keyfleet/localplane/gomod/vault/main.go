// SPDX-License-Identifier: Apache-2.0

// A Vault server for tests: upstream's core and HTTP API in memory, unsealed, with the engines and
// logins that tests use. Upstream's own program brings every cloud's SDK, minutes of compiling and
// gigabytes of memory for it.
//
//	vault PLAIN-ADDRESS TLS-ADDRESS ROOT-TOKEN    (server.crt and server.key in the working directory)
package main

import (
	"context"
	"crypto/tls"
	"log"
	"net"
	"net/http"
	"os"

	hclog "github.com/hashicorp/go-hclog"
	jwt "github.com/hashicorp/vault-plugin-auth-jwt"
	kubernetes "github.com/hashicorp/vault-plugin-auth-kubernetes"
	kubesecrets "github.com/hashicorp/vault-plugin-secrets-kubernetes"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/audit"
	auditfile "github.com/hashicorp/vault/builtin/audit/file"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/credential/cert"
	"github.com/hashicorp/vault/builtin/credential/userpass"
	"github.com/hashicorp/vault/builtin/logical/aws"
	"github.com/hashicorp/vault/builtin/logical/rabbitmq"
	"github.com/hashicorp/vault/builtin/logical/totp"
	"github.com/hashicorp/vault/helper/namespace"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

type factories map[string]logical.Factory

var logins = factories{
	"approle":    approle.Factory,
	"cert":       cert.Factory,
	"jwt":        jwt.Factory,
	"kubernetes": kubernetes.Factory,
	"userpass":   userpass.Factory,
}

var engines = factories{
	"aws":        aws.Factory,
	"kubernetes": kubesecrets.Factory,
	"kv":         kv.Factory,
	"rabbitmq":   rabbitmq.Factory,
	"totp":       totp.Factory,
}

func main() {
	plain, secure, token := os.Args[1], os.Args[2], os.Args[3]
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Warn})
	storage, err := inmem.NewInmem(nil, logger)
	must(err)
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:           storage,
		DisableMlock:       true,
		Logger:             logger,
		DevToken:           token,
		CredentialBackends: logins,
		LogicalBackends:    engines,
		AuditBackends:      map[string]audit.Factory{"file": auditfile.Factory},
		BuiltinRegistry:    registry{},
	})
	must(err)
	must(unseal(core, token))
	go serve(core, listen(secure, true))
	serve(core, listen(plain, false))
}

// unseal makes a fresh core ready and gives its root token the name that tests know.
func unseal(core *vault.Core, token string) error {
	ctx := namespace.RootContext(context.Background())
	started, err := core.Initialize(ctx, &vault.InitParams{
		BarrierConfig:  &vault.SealConfig{SecretShares: 1, SecretThreshold: 1},
		RecoveryConfig: &vault.SealConfig{},
	})
	if err != nil {
		return err
	}
	if _, err := core.Unseal(started.SecretShares[0]); err != nil {
		return err
	}
	_, err = core.HandleRequest(ctx, &logical.Request{
		ID:          "root-token",
		Operation:   logical.UpdateOperation,
		ClientToken: started.RootToken,
		Path:        "auth/token/create",
		Data: map[string]interface{}{
			"id": token, "policies": []string{"root"}, "no_parent": true, "no_default_policy": true,
		},
	})
	return err
}

func listen(address string, secure bool) net.Listener {
	listener, err := net.Listen("tcp", address)
	must(err)
	if !secure {
		return listener
	}
	pair, err := tls.LoadX509KeyPair("server.crt", "server.key")
	must(err)
	return tls.NewListener(listener, &tls.Config{
		Certificates: []tls.Certificate{pair},
		ClientAuth:   tls.RequestClientCert, // the login method `cert` judges it
	})
}

func serve(core *vault.Core, listener net.Listener) {
	handler := vaulthttp.Handler.Handler(&vault.HandlerProperties{
		Core: core,
		ListenerConfig: &configutil.Listener{
			Address:            listener.Addr().String(),
			MaxRequestSize:     vaulthttp.DefaultMaxRequestSize,
			MaxRequestDuration: vault.DefaultMaxRequestDuration,
		},
	})
	must(http.Serve(listener, handler))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// registry tells the core which plugins are built in.
type registry struct{}

func (registry) find(kind consts.PluginType) factories {
	return map[consts.PluginType]factories{
		consts.PluginTypeCredential: logins,
		consts.PluginTypeSecrets:    engines,
	}[kind]
}

func (r registry) Contains(name string, kind consts.PluginType) bool {
	_, found := r.find(kind)[name]
	return found
}

func (r registry) Get(name string, kind consts.PluginType) (func() (interface{}, error), bool) {
	factory, found := r.find(kind)[name]
	return func() (interface{}, error) { return factory, nil }, found
}

func (r registry) Keys(kind consts.PluginType) []string {
	names := []string{}
	for name := range r.find(kind) {
		names = append(names, name)
	}
	return names
}

func (r registry) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, r.Contains(name, kind)
}

func (registry) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }
