// Command with-terraform runs a command with a Terraform or an OpenTofu, which it
// installs if there is none.
//
//	with-terraform                        prints the path of the CLI
//	with-terraform COMMAND [ARGUMENT...]  runs the command
//
// It puts the CLI's folder first on the command's PATH, and sets the variables
// that acceptance tests need. The exit status is the command's.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
)

func main() {
	status, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "with-terraform:", err)
	}
	os.Exit(status)
}

func run(command []string) (status int, err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()

	cli, err := terraformcli.Find(ctx, os.Stderr)
	if err != nil {
		return 1, err
	}
	if len(command) == 0 {
		fmt.Println(cli.Path)
		return 0, nil
	}

	// A terminal also sends an interrupt to the command, which decides what to do.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)

	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // Running it is the purpose.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(
		append(os.Environ(), cli.AcceptanceEnv()...),
		"PATH="+filepath.Dir(cli.Path)+string(os.PathListSeparator)+os.Getenv("PATH"),
	)
	if err := cmd.Run(); err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) && failed.ExitCode() > 0 {
			return failed.ExitCode(), nil
		}
		return 1, err
	}
	return 0, nil
}
