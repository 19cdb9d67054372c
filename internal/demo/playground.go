package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest/control"
)

const emulatorPackage = "./internal/twcloudtest/cmd/twcloud-emulator"

// keepRequests bounds the memory of a playground that is open for days.
const keepRequests = 10000

// place says where a playground is.
type place struct {
	// cacheDir is the folder in which it has a folder of its own.
	cacheDir string

	// rest, webApp and control are addresses to listen on.
	rest, webApp, control string
}

// defaultPlace has the ports of an installation, and that of the emulator's
// program for its control page.
func defaultPlace() place {
	return place{cacheDir: terraformcli.CacheDir(), rest: "127.0.0.1:8111", webApp: "127.0.0.1:8443", control: "127.0.0.1:8112"}
}

// park is a running playground.
type park struct {
	tell    *narrator
	server  *twcloudtest.Server
	control *http.Server
	// admin is the address of the control page.
	admin string
}

// playground keeps an emulator running until ctx ends, and tells how to use it.
// That ctx ends is no error, once the emulator is running.
func playground(ctx context.Context, tell *narrator, at place) (err error) {
	tell.title("The playground: an emulated Teamwork Cloud, to be used with Terraform")
	p, err := openPark(ctx, tell, at)
	if err != nil {
		return err
	}
	defer p.close()

	path, err := terraformcli.Find(ctx, at.cacheDir, tell)
	if err != nil {
		return err
	}
	// The port keeps the folders of two playgrounds apart, and is the same every
	// time where there is one.
	_, port, err := net.SplitHostPort(strings.TrimPrefix(p.server.URL(), "http://"))
	if err != nil {
		return err
	}
	dir := filepath.Join(at.cacheDir, "playground-"+port)
	defer func() { err = errors.Join(err, removeAll(dir)) }()
	cliConfig, err := installProvider(ctx, tell, dir)
	if err != nil {
		return err
	}

	p.welcome(commandFor(path), cliConfig)
	<-ctx.Done()
	p.farewell(dir)
	return nil
}

// openPark starts the emulator and its control page, on other ports where the usual
// ones are taken.
func openPark(ctx context.Context, tell *narrator, at place) (*park, error) {
	p := &park{tell: tell}
	var network net.ListenConfig
	config := twcloudtest.Config{RESTAddress: at.rest, WebAppAddress: at.webApp, KeepRequests: keepRequests, Log: requestLog{tell}}
	listener, err := network.Listen(ctx, "tcp", at.control)
	if err == nil {
		if p.server, err = twcloudtest.Start(config); err != nil {
			_ = listener.Close()
		}
	}
	if err != nil {
		tell.line(fmt.Sprintf("Free ports are used: %v.", err))
		if listener, err = network.Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return nil, err
		}
		config.RESTAddress, config.WebAppAddress = "", ""
		if p.server, err = twcloudtest.Start(config); err != nil {
			return nil, errors.Join(err, listener.Close())
		}
	}
	p.admin = listener.Addr().String()
	p.control = &http.Server{Handler: control.New(p.server, control.Options{}), ReadHeaderTimeout: time.Minute}
	go func() { _ = p.control.Serve(listener) }()
	return p, nil
}

func (p *park) close() {
	_ = p.control.Close()
	p.server.Close()
}

// commandFor is what to type for the CLI: its name, if a shell finds it.
func commandFor(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".exe")
	if found, err := exec.LookPath(name); err == nil && found == path {
		return name
	}
	return shellWord(path)
}

// shellWord writes a word for a POSIX shell.
func shellWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// pasted is what to paste into a shell.
func (p *park) pasted(command, cliConfig string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "export TF_CLI_CONFIG_FILE=%s\n", shellWord(filepath.ToSlash(cliConfig)))
	for _, variable := range append(serverEnvironment(p.server), "TWCLOUD_DETECT_SECRET_DRIFT=true", "TF_VAR_doors_secret=correct-horse-battery-staple") {
		name, value, _ := strings.Cut(variable, "=")
		fmt.Fprintf(&b, "export %s=%s\n", name, shellWord(value))
	}
	fmt.Fprintf(&b, "cd \"$(mktemp -d)\" && cat >main.tf <<'EOF'\n%sEOF\n%[2]s init && %[2]s apply\n", configuration, command)
	return b.String()
}

func (p *park) welcome(command, cliConfig string) {
	tell := p.tell
	tell.say("\nTWCloud Admin             http://%s/\nREST API                  %s\nWeb Application Platform  %s",
		p.admin, p.server.URL(), p.server.WebAppURL())

	tell.begin("Paste this into another terminal")
	tell.line("")
	_, _ = tell.Write([]byte(p.pasted(command, cliConfig)))

	tell.begin("Change things behind Terraform's back")
	tell.say("In a browser, at http://%s/; or in a terminal, in the folder\nof this repository:\n\n", p.admin)
	options := ""
	if p.admin != defaultPlace().control {
		options = " -control-address " + p.admin
	}
	for _, example := range []string{
		`disapprove%s "` + consumerName + `"`,
		`remove%s "` + consumerName + `"`,
		`expire-sessions%s`,
		`fault%s -method PATCH drop-after`,
	} {
		tell.command("go run " + emulatorPackage + " " + fmt.Sprintf(example, options))
	}
	tell.say("\nThen see what Terraform makes of it:\n\n")
	tell.command(command + " plan")

	tell.begin("Watch the requests")
	tell.say("They appear below. Ctrl-C closes the playground.\n\n")
}

// farewell tells what goes with the emulator.
func (p *park) farewell(dir string) {
	tell := p.tell
	tell.line("\n" + tell.paint(bold, "The playground is closed"))
	consumers := p.server.Consumers()
	tell.say("%s on the server, gone with it", count(len(consumers), "consumer"))
	for _, consumer := range consumers {
		status := "not approved"
		if consumer.Approved {
			status = "approved"
		}
		tell.say("  %q, %s, key %s", consumer.Name, status, consumer.Key)
	}
	tell.say("%s open, of %d that were opened", count(p.server.OpenSessions(), "session"), p.server.SessionsOpened())
	tell.say("%s is removed, with the provider in it.", dir)
	tell.say("What you exported in other terminals points nowhere now: close them.")
}

// count writes a number with its noun.
func count(number int, noun string) string {
	if number != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", number, noun)
}

// requestLog shows the requests, one line each.
type requestLog struct{ tell *narrator }

func (l requestLog) Write(line []byte) (int, error) {
	l.tell.line(" " + l.tell.paint(faint, "│ "+strings.TrimRight(string(line), "\n")))
	return len(line), nil
}
