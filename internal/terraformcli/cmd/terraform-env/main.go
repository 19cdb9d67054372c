// Command terraform-env prints shell commands that export what acceptance tests
// need to use a Terraform or an OpenTofu. It installs Terraform if there is none.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	cli, err := terraformcli.Find(ctx, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "terraform-env:", err)
		os.Exit(1)
	}
	fmt.Print(terraformcli.Exports(cli.AcceptanceEnv()))
}
