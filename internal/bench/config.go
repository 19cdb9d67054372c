package main

import (
	"fmt"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// The providers that are compared.
const (
	ours    = "provider"
	floor   = "floor"
	generic = "generic REST"
)

// genericVariable names the binary of the generic REST provider.
const genericVariable = "TWCLOUD_BENCH_RESTAPI"

// source is a provider's address in required_providers.
func source(provider string) string {
	if provider == generic {
		return "Mastercard/restapi"
	}
	return terraformcli.Source
}

// secretArguments are the arguments of a consumer, by the value of -secret.
var secretArguments = map[string]string{
	"stored":     `secret = "secret-${count.index}"`,
	"write-only": `secret_wo = "secret-${count.index}"`,
	"versioned":  "secret_wo = \"secret-${count.index}\"\n  secret_wo_version = 1",
}

// newName is the first consumer's name after the scenario "change".
const newName = "renamed"

// configuration has size consumers in one block with count, which costs Terraform
// less than for_each does.
func configuration(size int, secret string) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    twcloud = { source = %q }
  }
}

variable "first" {
  default = "consumer-0"
}

resource "twcloud_oauth_consumer" "bench" {
  count    = %d
  name     = count.index == 0 ? var.first : "consumer-${count.index}"
  approved = true
  %s
}
`, source(ours), size, secretArguments[secret])
}

// genericConfiguration manages the same consumers with the generic REST provider,
// as a careful user would: it keeps cookies, so that not every request opens a
// session, and ignores what the server adds or never returns.
//
// It sends the secret with every update. It cannot approve a consumer while it
// registers it: that takes a second apply.
func genericConfiguration(endpoint string, size int) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    restapi = { source = %q }
  }
}

provider "restapi" {
  uri                  = %q
  username             = %q
  password             = %q
  use_cookies          = true
  write_returns_object = true
  id_attribute         = "key"
  update_method        = "PATCH"
}

variable "first" {
  default = "consumer-0"
}

resource "restapi_object" "bench" {
  count = %d
  path  = %q
  data = jsonencode({
    name     = count.index == 0 ? var.first : "consumer-${count.index}"
    secret   = "secret-${count.index}"
    approved = true
  })
  ignore_changes_to = ["secret", "key", "createdOn", "_links"]
}
`, source(generic), endpoint, twcloudtest.AdminName, twcloudtest.AdminPassword, size, wire.DefaultOAuthConsumersPath)
}
