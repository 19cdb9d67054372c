package terraformcli

import (
	"context"
	"runtime"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/hashicorp/hc-install/httpclient"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
)

// Terraform is about 30 MB to download.
const installTimeout = 5 * time.Minute

// installTerraform installs the newest Terraform into dir. The library checks
// the download against HashiCorp's signature.
func installTerraform(ctx context.Context, dir string) (string, error) {
	source := releases.LatestVersion{
		Product:    product.Terraform,
		InstallDir: dir,
		Timeout:    installTimeout,
		HTTPClient: httpclient.New(func(client *retryablehttp.Client) {
			// Someone without a network is to hear of it in seconds.
			client.RetryMax = 2
		}),
	}
	return source.Install(ctx)
}

// binary is the file name of a program.
func binary(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}
