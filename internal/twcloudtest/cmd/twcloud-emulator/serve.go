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

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
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
	dialect        string
	profileFile    string
}

func serveFlags() (*flag.FlagSet, *serveOptions) {
	o := &serveOptions{}
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.StringVar(&o.config.RESTAddress, "rest-address", defaultRESTAddress, "`address` of the REST API; port 0 is any free port")
	flags.StringVar(&o.config.WebAppAddress, "webapp-address", defaultWebAppAddress, "`address` of the Web Application Platform")
	flags.StringVar(&o.controlAddress, "control-address", defaultControlAddress, "`address` of the control page and API, which need no password, or \"off\"")
	flags.BoolVar(&o.allowRemote, "allow-remote", false, "accept addresses that other machines can reach. Dangerous: anyone who reaches\nthem knows the passwords.")
	flags.StringVar(&o.dialect, "dialect", "", "`name` of the dialect of the consumer API, or \"list\" (default: the assumed API)")
	flags.StringVar(&o.profileFile, "profile", "", "`file` with the API profile to emulate")
	flags.IntVar(&o.config.PageSize, "page-size", 0, "`number` of consumers on one page, in dialects with pages (default 3)")
	flags.StringVar(&o.config.PathPrefix, "path-prefix", "", "`prefix` of every path, as behind a reverse proxy")
	flags.BoolVar(&o.config.RewriteCookies, "rewrite-cookies", false, "let that proxy rewrite the path of cookies")
	flags.BoolVar(&o.config.TLS, "tls", false, "serve HTTPS with a new certificate authority")
	flags.StringVar(&o.files.ca, "ca-file", "twcloud-emulator-ca.pem", "`file` to write its certificate to; removed at the end")
	flags.BoolVar(&o.config.ClientCA, "mutual-tls", false, "require a client certificate; implies -tls")
	flags.StringVar(&o.files.clientCertificate, "client-cert-file", "twcloud-emulator-client.pem", "`file` to write a client certificate to")
	flags.StringVar(&o.files.clientKey, "client-key-file", "twcloud-emulator-client-key.pem", "`file` to write its key to")
	flags.Func("user", "a user as `NAME:PASSWORD[:TOKEN[:viewer]]`, instead of admin and viewer; repeatable.\nA viewer lacks the Configure Server permission.", func(text string) error {
		user, err := parseUser(text)
		o.config.Users = append(o.config.Users, user)
		return err
	})
	flags.IntVar(&o.config.Seats, "seats", 0, "`number` of license seats, one for each session; 0 is no limit")
	flags.DurationVar(&o.config.IdleTimeout, "idle-timeout", twcloudtest.DefaultIdleTimeout, "`duration` without a call after which a session ends")
	flags.IntVar(&o.config.LicenceStatus, "license-status", http.StatusServiceUnavailable, "`status` of a login without a free seat: 503 or 403")
	flags.DurationVar(&o.config.Latency, "latency", 0, "`duration` to wait before each answer")
	flags.StringVar(&o.config.Version, "server-version", twcloudtest.DefaultVersion, "`version` of the server")
	flags.BoolVar(&o.config.LegacyRootServices, "legacy-root-services", false, "serve root services on the REST port, as before 2022x Refresh2")
	flags.StringVar(&o.config.OAuthConsumersPath, "oauth-consumers-path", "", "`path` of the consumers, instead of that of the profile")
	flags.BoolVar(&o.config.UniqueNames, "unique-names", false, "refuse a second consumer with the same name")
	flags.IntVar(&o.consumers, "consumers", 0, "`number` of consumers that already exist")
	flags.BoolVar(&o.quiet, "quiet", false, "do not log requests")
	return flags, o
}

func parseServe(args []string, stderr io.Writer) (*serveOptions, error) {
	flags, o := serveFlags()
	if err := parse(flags, args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, misuse("there is no command or flag %q", flags.Arg(0))
	case o.config.Seats < 0 || o.consumers < 0 || o.config.Latency < 0 || o.config.PageSize < 0:
		return o, misuse("-seats, -consumers, -latency and -page-size must not be negative")
	case o.config.IdleTimeout <= 0:
		return o, misuse("-idle-timeout must be positive")
	case o.config.LicenceStatus != http.StatusServiceUnavailable && o.config.LicenceStatus != http.StatusForbidden:
		return o, misuse("-license-status must be 503 or 403")
	case o.dialect != "" && o.profileFile != "":
		return o, misuse("-dialect and -profile exclude each other")
	}
	for name, address := range map[string]string{
		"rest-address": o.config.RESTAddress, "webapp-address": o.config.WebAppAddress, "control-address": o.controlAddress,
	} {
		if name == "control-address" && address == "off" {
			continue
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			return o, misuse("-%s must be a host and a port, such as 127.0.0.1:0", name)
		}
		if !o.allowRemote && !control.Loopback(address) {
			return o, misuse("-%s %s is not a loopback address. To let other machines reach it, add -allow-remote", name, address)
		}
	}
	if !o.quiet {
		o.config.Log = stderr
	}
	o.config.KeepRequests = keepRequests
	o.config.TLS = o.config.TLS || o.config.ClientCA
	err := o.readProfile()
	return o, err
}

// readProfile reads the profile that the flags name.
func (o *serveOptions) readProfile() (err error) {
	if o.dialect != "" && o.dialect != "list" {
		o.config.Profile, err = twcloudtest.Dialect(o.dialect)
	}
	if o.profileFile == "" || err != nil {
		return err
	}
	content, err := os.ReadFile(o.profileFile)
	if err != nil {
		return err
	}
	var problems []profile.Problem
	o.config.Profile, problems = profile.Parse(content)
	for _, problem := range problems {
		err = errors.Join(err, fmt.Errorf("%s: %s", o.profileFile, problem))
	}
	return err
}

func parseUser(text string) (twcloudtest.User, error) {
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 4 || parts[0] == "" || parts[1] == "" {
		return twcloudtest.User{}, errors.New("a user is NAME:PASSWORD[:TOKEN[:viewer]]")
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
	o, err := parseServe(args, stderr)
	if err != nil {
		return err
	}
	if o.dialect == "list" {
		_, err := io.WriteString(stdout, dialectList())
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
		controlServer := &http.Server{
			Handler:           control.New(server, control.Options{AllowRemote: !control.Loopback(o.controlAddress)}),
			ReadHeaderTimeout: time.Minute,
		}
		defer controlServer.Close()
		go func() { failed <- controlServer.Serve(listener) }()
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

// handMade are names of consumers that administrators have registered by hand.
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
	type file struct {
		path    string
		content []byte
	}
	files := []file{{f.ca, server.CACertificatePEM()}}
	if client {
		files = append(files, file{f.clientCertificate, server.ClientCertificatePEM()}, file{f.clientKey, server.ClientKeyPEM()})
	}
	for _, file := range files {
		if old, err := os.ReadFile(file.path); err == nil && !strings.HasPrefix(string(old), "-----BEGIN ") {
			return errors.Join(fmt.Errorf("%s exists and is not a PEM file; it is not overwritten", file.path), f.remove())
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
