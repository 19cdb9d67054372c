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
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/control"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

const (
	defaultControlAddress = "127.0.0.1:8112"

	// keepRequests bounds the memory of an emulator that runs for days.
	keepRequests = 10000

	// dialectFile is the example of a file for the profile of a dialect.
	dialectFile = "profile.json"
)

type serveOptions struct {
	config         emulator.Config
	controlAddress string
	consumers      int
	quiet          bool
	dialect        string
	profileFile    string
}

func serveFlags() (*flag.FlagSet, *serveOptions) {
	o := &serveOptions{}
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.StringVar(&o.config.RESTAddress, "rest-address", "127.0.0.1:8111", "`address` of the REST API; port 0 is any free port")
	flags.StringVar(&o.config.WebAppAddress, "webapp-address", "127.0.0.1:8443", "`address` of the Web Application Platform")
	flags.StringVar(&o.config.AuthenticationAddress, "authentication-address", "", "`address` of the authentication server, if it is not on the platform")
	flags.BoolVar(&o.config.OneOrigin, "one-origin", false, "serve both servers at -rest-address, as behind a reverse proxy")
	flags.BoolVar(&o.config.LoadBalancer, "load-balancer", false, "keep a client on one node by a cookie")
	flags.StringVar(&o.controlAddress, "control-address", defaultControlAddress, "`address` of the control page and API, which need no password, or \"off\"")
	flags.StringVar(&o.dialect, "dialect", "", "`name` of the dialect of the consumer API, or \"list\" (default: the assumed API)")
	flags.StringVar(&o.profileFile, "profile", "", "`file` with the API profile to emulate")
	flags.IntVar(&o.config.PageSize, "page-size", 0, "`number` of consumers on one page, in dialects with pages (default 3)")
	flags.StringVar(&o.config.RESTPathPrefix, "rest-path-prefix", "", "`prefix` of every path of the REST API, as behind a reverse proxy")
	flags.StringVar(&o.config.WebAppPathPrefix, "webapp-path-prefix", "", "`prefix` of every path of the Web Application Platform")
	flags.BoolVar(&o.config.RewriteCookies, "rewrite-cookies", false, "let that proxy rewrite the path of cookies")
	flags.BoolVar(&o.config.TLS, "tls", false, "serve HTTPS with a new certificate authority")
	flags.BoolVar(&o.config.ClientCA, "mutual-tls", false, "require a client certificate; implies -tls")
	flags.IntVar(&o.config.Seats, "seats", 0, "`number` of license seats, one for each session; 0 is no limit")
	flags.DurationVar(&o.config.IdleTimeout, "idle-timeout", emulator.DefaultIdleTimeout, "`duration` without a call after which a session of the REST API ends")
	flags.DurationVar(&o.config.PlatformIdleTimeout, "platform-idle-timeout", authserver.DefaultIdleTimeout, "`duration` without a request after which a session of the platform ends")
	flags.DurationVar(&o.config.TokenLifetime, "token-lifetime", authserver.DefaultTokenLifetime, "`duration` that ID tokens and access tokens live")
	flags.Func("quirk", "`name` of a way in which the sign-in on the platform deviates; can be repeated", o.addQuirk)
	flags.IntVar(&o.config.LicenseStatus, "license-status", http.StatusServiceUnavailable, "`status` of a login without a free seat: 503 or 403")
	flags.DurationVar(&o.config.Latency, "latency", 0, "`duration` to wait before each response")
	flags.StringVar(&o.config.Version, "server-version", emulator.DefaultVersion, "`version` of the server")
	flags.BoolVar(&o.config.LegacyRootServices, "legacy-root-services", false, "serve root services on the REST port, as before 2022x Refresh2")
	flags.BoolVar(&o.config.RegistrationSession, "registration-session", false, "demand a session for self-registration, which is documented without one")
	flags.BoolVar(&o.config.UniqueNames, "unique-names", false, "refuse a second consumer with the same name")
	flags.IntVar(&o.consumers, "consumers", 0, "`number` of consumers that already exist")
	flags.BoolVar(&o.quiet, "quiet", false, "do not log requests")
	return flags, o
}

func (o *serveOptions) addQuirk(name string) error {
	quirk := authserver.Quirk(name)
	if !slices.Contains(authserver.Quirks(), quirk) {
		return fmt.Errorf("the quirks are %s", strings.Join(quirkNames(), ", "))
	}
	o.config.Quirks = append(o.config.Quirks, quirk)
	return nil
}

func quirkNames() []string {
	var names []string
	for _, quirk := range authserver.Quirks() {
		names = append(names, string(quirk))
	}
	return names
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
		return o, misuse("-seats, -consumers, -latency, and -page-size must not be negative")
	case o.config.IdleTimeout <= 0 || o.config.PlatformIdleTimeout <= 0 || o.config.TokenLifetime <= 0:
		return o, misuse("-idle-timeout, -platform-idle-timeout, and -token-lifetime must be positive")
	case o.config.LicenseStatus != http.StatusServiceUnavailable && o.config.LicenseStatus != http.StatusForbidden:
		return o, misuse("-license-status must be 503 or 403")
	case o.dialect != "" && o.profileFile != "":
		return o, misuse("-dialect and -profile exclude each other")
	}
	for _, address := range []string{o.config.RESTAddress, o.config.WebAppAddress, o.config.AuthenticationAddress, o.controlAddress} {
		if address != "" && address != "off" && !control.Loopback(address) {
			return o, misuse("%s is not a loopback address: anyone who reaches the emulator knows the passwords", address)
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

// readProfile reads the profile that the flags name. profileFile becomes the file
// that the provider needs.
func (o *serveOptions) readProfile() (err error) {
	switch {
	case o.dialect == "list":
	case o.dialect != "":
		if err := o.config.SetDialect(o.dialect); err != nil {
			return err
		}
		o.profileFile, err = filepath.Abs(dialectFile)
	case o.profileFile != "":
		content, readErr := os.ReadFile(o.profileFile)
		if readErr != nil {
			return readErr
		}
		var problems []profile.Problem
		o.config.Profile, problems = profile.Parse(content)
		for _, problem := range problems {
			err = errors.Join(err, fmt.Errorf("%s: %s", o.profileFile, problem))
		}
		if err == nil {
			o.profileFile, err = filepath.Abs(o.profileFile)
		}
	}
	return err
}

// serve runs an emulator until ctx ends.
func serve(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parseServe(args, stderr)
	if err != nil {
		return err
	}
	if o.dialect == "list" {
		_, err := io.WriteString(stdout, dialectList())
		return err
	}
	server, err := emulator.Start(o.config)
	if err != nil {
		return o.movable(err)
	}
	defer server.Close()
	makeConsumers(server, o.consumers, o.config.Profile != nil && o.config.Profile.NumericKeys())
	certificates := ""
	if o.config.TLS {
		if certificates, err = writeCertificates(server); err != nil {
			return err
		}
		defer os.RemoveAll(certificates)
	}

	controlURL := ""
	failed := make(chan error, 1)
	if o.controlAddress != "off" {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.controlAddress)
		if err != nil {
			return o.movable(fmt.Errorf("unable to listen on %s: %w", o.controlAddress, err))
		}
		controlURL = "http://" + listener.Addr().String()
		controlServer := &http.Server{Handler: control.New(server), ReadHeaderTimeout: time.Minute}
		defer controlServer.Close()
		go func() { failed <- controlServer.Serve(listener) }()
	}

	_, _ = io.WriteString(stdout, welcome(server, o, controlURL, certificates))
	select {
	case <-ctx.Done():
		_, _ = io.WriteString(stdout, "\nThe emulator has stopped.\n")
		return nil
	case err := <-failed:
		return err
	}
}

// movable adds to an error about an address which flag names another one.
func (o *serveOptions) movable(err error) error {
	var listening *net.OpError
	if !errors.As(err, &listening) || listening.Op != "listen" || listening.Addr == nil {
		return err
	}
	_, port, _ := net.SplitHostPort(listening.Addr.String())
	for flag, address := range map[string]string{
		"-rest-address": o.config.RESTAddress, "-webapp-address": o.config.WebAppAddress, "-control-address": o.controlAddress,
		"-authentication-address": o.config.AuthenticationAddress,
	} {
		if _, own, _ := net.SplitHostPort(address); own == port {
			return fmt.Errorf("%w. %s names another address; port 0 is any free port", err, flag)
		}
	}
	return err
}

// handMade are names of consumers that administrators have registered by hand.
var handMade = []string{
	"Requirements tool", "Test management", "Change management", "Publishing portal", "Traceability dashboard",
	"Simulation bench", "Parts catalogue", "Safety analysis",
}

// makeConsumers stores n consumers whose keys are the same in every run, every
// third one not approved.
func makeConsumers(server *emulator.Server, n int, numericKeys bool) {
	format := "%032x"
	if numericKeys {
		format = "%d"
	}
	for i := range n {
		name := handMade[i%len(handMade)]
		if round := i / len(handMade); round > 0 {
			name = fmt.Sprintf("%s %d", name, round+1)
		}
		server.AddConsumer(emulator.Consumer{
			Key: fmt.Sprintf(format, 0x7ec10d00+i), Name: name, Secret: fmt.Sprintf("hand-made-secret-%d", i+1), Approved: i%3 != 2,
		})
	}
}

// The files of writeCertificates.
const (
	caFile                = "ca.pem"
	clientCertificateFile = "client.pem"
	clientKeyFile         = "client-key.pem"
)

// writeCertificates writes what a client needs into a new folder.
func writeCertificates(server *emulator.Server) (folder string, err error) {
	folder, err = os.MkdirTemp("", "twcloud-emulator-")
	for name, content := range map[string][]byte{
		caFile: server.CACertificatePEM(), clientCertificateFile: server.ClientCertificatePEM(), clientKeyFile: server.ClientKeyPEM(),
	} {
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), content, 0o600)
		}
	}
	return folder, err
}

// welcome is what the emulator prints when it has started.
func welcome(server *emulator.Server, o *serveOptions, controlURL, certificates string) string {
	var b strings.Builder
	b.WriteString("A Teamwork Cloud emulator is running. Press Ctrl+C to stop it; everything is lost then.\n\n")
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "  REST API\t%s\n", server.URL())
	fmt.Fprintf(table, "  Web Application Platform\t%s\n", server.WebAppURL())
	if server.AuthenticationURL() != server.WebAppURL() {
		fmt.Fprintf(table, "  Authentication server\t%s\n", server.AuthenticationURL())
	}
	fmt.Fprintf(table, "  Administration page\t%s\n", server.AdminPageURL())
	if controlURL != "" {
		fmt.Fprintf(table, "  Control page\t%s/\n", controlURL)
	}
	_ = table.Flush()
	if o.dialect != "" {
		fmt.Fprintf(&b, "\nThe consumer API is the dialect %s. Write its profile to a file for the provider:\n  twcloud-emulator profile %[1]s >%s\n", o.dialect, dialectFile)
	}

	b.WriteString("\nUsers\n")
	for _, user := range emulator.DefaultUsers() {
		with := "without"
		if user.ConfigureServer {
			with = "with"
		}
		fmt.Fprintf(table, "  %s\tpassword %s\ttoken %s\t%s %s\n", user.Name, user.Password, user.Token, with, wire.ConfigureServerPermission)
	}
	_ = table.Flush()

	b.WriteString("\nClients of OAuth 2.0\n")
	fmt.Fprintf(table, "  %s and others\tX-Auth-Secret %s\n", authserver.DefaultClientIDs()[0], emulator.AuthSecret)
	fmt.Fprintf(table, "  %s\tclient secret %s\n", emulator.ClientID, emulator.ClientSecret)
	_ = table.Flush()

	b.WriteString("\nFor Terraform, in a POSIX shell\n")
	export := func(variable, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  export TWCLOUD_%s='%s'\n", variable, strings.ReplaceAll(value, "'", `'\''`))
		}
	}
	export("ENDPOINT", server.URL())
	export("WEBAPP_ENDPOINT", server.WebAppURL())
	if server.AuthenticationURL() != server.WebAppURL() {
		export("AUTHENTICATION_ENDPOINT", server.AuthenticationURL())
	}
	if of := o.config.Profile; of != nil && of.SignIn != nil && of.SignIn.By == profile.ByToken {
		export("TOKEN", emulator.AdminToken)
	} else {
		export("USERNAME", emulator.AdminName)
		export("PASSWORD", emulator.AdminPassword)
	}
	export("API_PROFILE_FILE", o.profileFile)
	if o.config.TLS {
		export("CA_CERTIFICATE_FILE", filepath.Join(certificates, caFile))
	}
	if o.config.ClientCA {
		export("CLIENT_CERTIFICATE_FILE", filepath.Join(certificates, clientCertificateFile))
		export("CLIENT_KEY_FILE", filepath.Join(certificates, clientKeyFile))
	}

	if controlURL != "" {
		address := ""
		if controlURL != "http://"+defaultControlAddress {
			address = " -control-address " + strings.TrimPrefix(controlURL, "http://")
		}
		fmt.Fprintf(&b, "\nTo change things behind Terraform's back, open the control page, or run in another terminal\n")
		fmt.Fprintf(&b, "  twcloud-emulator list%[1]s\n  twcloud-emulator disapprove%[1]s NAME\n  twcloud-emulator fault%[1]s -method POST drop-after\n", address)
	}
	b.WriteString("\n\"twcloud-emulator -help\" has the details.\n\n")
	return b.String()
}
