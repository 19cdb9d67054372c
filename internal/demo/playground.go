package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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

const (
	emulatorPackage = "./internal/twcloudtest/cmd/twcloud-emulator"

	// defaultAdmin is where the emulator's program expects TWCloud Admin.
	defaultAdmin = "127.0.0.1:8112"

	// keepRequests limits the memory of a playground that runs for days.
	keepRequests = 10000
)

// playground runs an emulator until ctx ends, and prints how to use it.
func playground(ctx context.Context, out *printer, dir string) error {
	out.title("An emulated Teamwork Cloud to try the provider on")
	config := twcloudtest.Config{
		RESTAddress: "127.0.0.1:8111", WebAppAddress: "127.0.0.1:8443", KeepRequests: keepRequests, Log: requestLog{out},
	}
	server, admin, stop, err := startEmulator(ctx, config, defaultAdmin)
	if err != nil {
		out.line("Using other ports: %v.", err)
		config.RESTAddress, config.WebAppAddress = "", ""
		if server, admin, stop, err = startEmulator(ctx, config, "127.0.0.1:0"); err != nil {
			return err
		}
	}
	defer stop()
	work, err := prepare(ctx, out, dir, server)
	if err != nil {
		return err
	}
	printInstructions(out, server, admin, work)
	<-ctx.Done()
	out.line("\nStopped. The server and its %d consumers are gone. Close the terminals in which you used it.", len(server.Consumers()))
	return nil
}

// startEmulator starts an emulator with its TWCloud Admin page.
func startEmulator(ctx context.Context, config twcloudtest.Config, adminAddress string) (server *twcloudtest.Server, admin string, stop func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", adminAddress)
	if err != nil {
		return nil, "", nil, err
	}
	if server, err = twcloudtest.Start(config); err != nil {
		return nil, "", nil, errors.Join(err, listener.Close())
	}
	page := &http.Server{Handler: control.New(server), ReadHeaderTimeout: time.Minute}
	go func() { _ = page.Serve(listener) }()
	stop = func() {
		_ = page.Close()
		server.Close()
	}
	return server, listener.Addr().String(), stop, nil
}

func printInstructions(out *printer, server *twcloudtest.Server, admin string, work *terraformcli.Workspace) {
	out.indent(fmt.Sprintf("\nTWCloud Admin             http://%s/\nREST API                  %s\nWeb Application Platform  %s",
		admin, server.URL(), server.WebAppURL()))

	program := commandFor(work.CLI)
	out.heading("Paste this into another terminal")
	out.line("")
	variables := append(serverEnv(server), "TF_CLI_CONFIG_FILE="+filepath.Join(work.Dir, terraformcli.CLIConfigFile),
		"TWCLOUD_DETECT_SECRET_DRIFT=true", "TF_VAR_doors_secret=correct-horse-battery-staple")
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		out.line("export %s=%s", name, shellQuote(value))
	}
	_, _ = fmt.Fprintf(out, "cd \"$(mktemp -d)\" && cat >main.tf <<'EOF'\n%sEOF\n%[2]s init && %[2]s apply\n", configuration, program)

	out.heading("Change things outside of Terraform")
	out.indent("Open http://" + admin + "/ in a browser, or run in this repository:\n\n")
	address := ""
	if admin != defaultAdmin {
		address = " -control-address " + admin
	}
	out.command("go run " + emulatorPackage + " disapprove" + address + " '" + consumerName + "'")
	out.command("go run " + emulatorPackage + " -help")
	out.indent("\nThen plan again:\n\n")
	out.command(program + " plan")

	out.heading("Watch the requests")
	out.indent("They appear below. Ctrl-C stops the playground.\n\n")
}

// commandFor returns what to type for the CLI: its name, if a shell finds it.
func commandFor(cli terraformcli.CLI) string {
	name := strings.TrimSuffix(filepath.Base(cli.Path), ".exe")
	if found, err := exec.LookPath(name); err == nil && found == cli.Path {
		return name
	}
	return shellQuote(cli.Path)
}

func shellQuote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// requestLog prints the emulator's log.
type requestLog struct{ out *printer }

func (l requestLog) Write(line []byte) (int, error) {
	_, err := io.WriteString(l.out, " "+l.out.style(faint, "│ "+strings.TrimSuffix(string(line), "\n"))+"\n")
	return len(line), err
}
