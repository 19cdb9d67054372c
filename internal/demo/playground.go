package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/control"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
)

// keepRequests limits the memory of a playground that runs for days.
const keepRequests = 10000

// playground runs an emulator until ctx ends, and prints how to use it.
func playground(ctx context.Context, out *printer, dir string) error {
	out.title("An emulated Teamwork Cloud to try the provider on")
	server, err := emulator.Start(emulator.Config{KeepRequests: keepRequests, Log: out})
	if err != nil {
		return err
	}
	defer server.Close()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	admin := &http.Server{Handler: control.New(server), ReadHeaderTimeout: time.Minute}
	go func() { _ = admin.Serve(listener) }()
	defer admin.Close()
	work, err := prepare(ctx, out, dir, server)
	if err != nil {
		return err
	}
	cliDir, cli := filepath.Split(work.CLI.Path)
	variables := append(serverEnv(server), "TF_CLI_CONFIG_FILE="+filepath.Join(work.Dir, terraformcli.CLIConfigFile),
		"TWCLOUD_DETECT_SECRET_DRIFT=true", "TF_VAR_doors_secret=correct-horse-battery-staple")

	address := listener.Addr().String()
	out.indent(fmt.Sprintf("\nTWCloud Admin             http://%s/\nREST API                  %s\nWeb Application Platform  %s",
		address, server.URL(), server.WebAppURL()))
	out.heading("Paste this into another terminal")
	out.line("\n%sPATH='%s':\"$PATH\"\ncd \"$(mktemp -d)\" && cat >main.tf <<'EOF'\n%sEOF\n%[4]s init && %[4]s apply",
		terraformcli.Exports(variables), cliDir, configuration, cli)

	out.heading("Change things outside of Terraform")
	out.indent("Open http://" + address + "/ in a browser, or run in this repository:\n\n")
	const program = "go run ./internal/emulator/cmd/twcloud-emulator "
	out.command(program + "disapprove -control-address " + address + " '" + consumerName + "'")
	out.command(program + "-help")
	out.indent("\nThen plan again:\n\n")
	out.command(cli + " plan")

	out.heading("Watch the requests")
	out.indent("They appear below. Ctrl-C stops the playground.\n\n")
	<-ctx.Done()
	out.line("\nStopped. The server and its consumers are gone. Close the terminals in which you used it.")
	return nil
}
