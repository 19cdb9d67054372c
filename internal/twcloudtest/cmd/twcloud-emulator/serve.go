package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest/control"
)

const (
	defaultRESTAddress    = "127.0.0.1:8111"
	defaultWebAppAddress  = "127.0.0.1:8443"
	defaultControlAddress = "127.0.0.1:8112"

	// keepRequests bounds the memory of an emulator that runs for days.
	keepRequests = 10000
)

type serveOptions struct {
	config         twcloudtest.Config
	controlAddress string
	allowRemote    bool
	files          pemFiles
	consumers      int
	quiet          bool
}

func parseServe(args []string, stdout, stderr io.Writer) (serveOptions, error) {
	var o serveOptions
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.StringVar(&o.config.RESTAddress, "rest-address", defaultRESTAddress, "")
	flags.StringVar(&o.config.WebAppAddress, "webapp-address", defaultWebAppAddress, "")
	flags.StringVar(&o.controlAddress, "control-address", defaultControlAddress, "")
	flags.BoolVar(&o.allowRemote, "allow-remote", false, "")
	flags.StringVar(&o.config.PathPrefix, "path-prefix", "", "")
	flags.BoolVar(&o.config.RewriteCookies, "rewrite-cookies", false, "")
	flags.BoolVar(&o.config.TLS, "tls", false, "")
	flags.StringVar(&o.files.ca, "ca-file", "twcloud-emulator-ca.pem", "")
	flags.BoolVar(&o.config.ClientCA, "mutual-tls", false, "")
	flags.StringVar(&o.files.clientCertificate, "client-cert-file", "twcloud-emulator-client.pem", "")
	flags.StringVar(&o.files.clientKey, "client-key-file", "twcloud-emulator-client-key.pem", "")
	flags.Func("user", "", func(text string) error {
		user, err := parseUser(text)
		o.config.Users = append(o.config.Users, user)
		return err
	})
	flags.IntVar(&o.config.Seats, "seats", 0, "")
	flags.DurationVar(&o.config.IdleTimeout, "idle-timeout", twcloudtest.DefaultIdleTimeout, "")
	flags.IntVar(&o.config.LicenceStatus, "licence-status", http.StatusServiceUnavailable, "")
	flags.DurationVar(&o.config.Latency, "latency", 0, "")
	flags.StringVar(&o.config.Version, "server-version", twcloudtest.DefaultVersion, "")
	flags.BoolVar(&o.config.LegacyRootServices, "legacy-root-services", false, "")
	flags.StringVar(&o.config.OAuthConsumersPath, "oauth-consumers-path", "", "")
	flags.BoolVar(&o.config.UniqueNames, "unique-names", false, "")
	flags.IntVar(&o.consumers, "consumers", 0, "")
	flags.BoolVar(&o.quiet, "quiet", false, "")
	others, err := parse(flags, args, stdout, stderr)
	if err != nil {
		return o, err
	}
	switch {
	case len(others) > 0:
		return o, misuse(stderr, "there is no command or flag %q", others[0])
	case o.config.Seats < 0 || o.consumers < 0 || o.config.Latency < 0:
		return o, misuse(stderr, "-seats, -consumers and -latency must not be negative")
	case o.config.IdleTimeout <= 0:
		return o, misuse(stderr, "-idle-timeout must be positive")
	case o.config.LicenceStatus != http.StatusServiceUnavailable && o.config.LicenceStatus != http.StatusForbidden:
		return o, misuse(stderr, "-licence-status must be 503 or 403")
	}
	for name, address := range map[string]string{
		"rest-address": o.config.RESTAddress, "webapp-address": o.config.WebAppAddress, "control-address": o.controlAddress,
	} {
		if name == "control-address" && address == "off" {
			continue
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			return o, misuse(stderr, "-%s must be a host and a port, e.g. 127.0.0.1:0", name)
		}
		if !o.allowRemote && !control.Loopback(address) {
			return o, misuse(stderr, "-%s %s is not a loopback address. If other machines shall reach it, say -allow-remote.", name, address)
		}
	}
	if !o.quiet {
		o.config.Log = stderr
	}
	o.config.KeepRequests = keepRequests
	o.config.TLS = o.config.TLS || o.config.ClientCA
	return o, nil
}

func parseUser(text string) (twcloudtest.User, error) {
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 4 || parts[0] == "" || parts[1] == "" {
		return twcloudtest.User{}, errors.New("write a user as NAME:PASSWORD[:TOKEN[:viewer]]")
	}
	user := twcloudtest.User{Name: parts[0], Password: parts[1], ConfigureServer: true}
	if len(parts) > 2 {
		user.Token = parts[2]
	}
	if len(parts) > 3 {
		if parts[3] != "viewer" {
			return user, errors.New(`the fourth part of a user can only be "viewer"`)
		}
		user.ConfigureServer = false
	}
	return user, nil
}

// serve runs an emulator until ctx ends.
func serve(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parseServe(args, stdout, stderr)
	if err != nil {
		return err
	}
	server, err := twcloudtest.Start(o.config)
	if err != nil {
		return err
	}
	defer server.Close()
	if o.config.TLS {
		if err := o.files.write(server, o.config.ClientCA); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, o.files.remove()) }()
	}
	makeConsumers(server, o.consumers)

	controlURL := ""
	failed := make(chan error, 1)
	if o.controlAddress != "off" {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.controlAddress)
		if err != nil {
			return fmt.Errorf("unable to listen on %s: %w", o.controlAddress, err)
		}
		controlURL = "http://" + listener.Addr().String()
		plane := &http.Server{
			Handler:           control.New(server, control.Options{AllowRemote: !control.Loopback(o.controlAddress)}),
			ReadHeaderTimeout: time.Minute,
		}
		defer plane.Close()
		go func() { failed <- plane.Serve(listener) }()
	}

	_, _ = io.WriteString(stdout, welcome(server, o, controlURL))
	select {
	case <-ctx.Done():
		_, _ = io.WriteString(stdout, "\nThe emulator has stopped.\n")
		return nil
	case err := <-failed:
		return err
	}
}

// handMade are consumers as administrators make them by hand.
var handMade = []string{
	"Requirements tool", "Test management", "Change management", "Publishing portal", "Traceability dashboard",
	"Simulation bench", "Parts catalogue", "Safety analysis",
}

// makeConsumers stores n consumers whose keys are the same in every run, every
// third one not approved.
func makeConsumers(server *twcloudtest.Server, n int) {
	for i := range n {
		name := handMade[i%len(handMade)]
		if round := i / len(handMade); round > 0 {
			name = fmt.Sprintf("%s %d", name, round+1)
		}
		server.AddConsumer(twcloudtest.Consumer{
			Key: fmt.Sprintf("%032x", 0x7ec10d00+i), Name: name, Secret: fmt.Sprintf("hand-made-secret-%d", i+1), Approved: i%3 != 2,
		})
	}
}

// pemFiles are where certificates and a key are written.
type pemFiles struct {
	ca, clientCertificate, clientKey string
	written                          []string
}

func (f *pemFiles) write(server *twcloudtest.Server, client bool) error {
	files := []struct {
		path    string
		content []byte
	}{{f.ca, server.CACertificatePEM()}}
	if client {
		files = append(files, []struct {
			path    string
			content []byte
		}{{f.clientCertificate, server.ClientCertificatePEM()}, {f.clientKey, server.ClientKeyPEM()}}...)
	}
	for _, file := range files {
		if old, err := os.ReadFile(file.path); err == nil && !strings.HasPrefix(string(old), "-----BEGIN ") {
			return errors.Join(fmt.Errorf("%s exists and is no PEM file; it will not be overwritten", file.path), f.remove())
		}
		if err := os.WriteFile(file.path, file.content, 0o600); err != nil {
			return errors.Join(err, f.remove())
		}
		f.written = append(f.written, file.path)
	}
	return nil
}

func (f *pemFiles) remove() error {
	var errs []error
	for _, path := range f.written {
		errs = append(errs, os.Remove(path)) //nolint:gosec // The program has written this file itself.
	}
	return errors.Join(errs...)
}
