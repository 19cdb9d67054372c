//go:build unix

package process

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformtest"
)

// TestAccLogs counts what the provider writes to Terraform's log in a plan: each
// step of each call if anybody wants a log, and nothing otherwise.
func TestAccLogs(t *testing.T) {
	t.Parallel()
	const size = 3
	server := emulator.New(t)
	w := newWorkspace(t, server, size, "")
	w.run(t, "apply", "-auto-approve")

	// Terraform reads what the provider writes, so a script stands in between.
	folder, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' \"$@\" 2>>'%s'\n", terraformtest.Provider(t), log)
	if err := os.WriteFile(filepath.Join(folder, "terraform-provider-twcloud"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := w.UseBinary(terraformcli.Source, folder); err != nil {
		t.Fatal(err)
	}

	every := map[string]int{
		"Received request of UpgradeResourceState": size, "Served request of UpgradeResourceState": size,
		"Received request of ReadResource": size, "Served request of ReadResource": size,
		"Received request of PlanResourceChange": size, "Served request of PlanResourceChange": size,
		"Calling provider defined Resource Read": size, "Called provider defined Resource Read": size,
		"Calling provider defined Resource ModifyPlan": size, "Called provider defined Resource ModifyPlan": size,
		"Teamwork Cloud exchange": 2, // sign-in and list
	}
	env := w.Env
	for variable, want := range map[string]map[string]int{
		"TF_LOG=": {}, "TF_LOG=TRACE": every, "TF_LOG_PROVIDER=DEBUG": every, "TF_LOG_PROVIDER_TWCLOUD=DEBUG": every,
		"TF_LOG_SDK=TRACE": every, "TF_LOG_SDK_PROTO=TRACE": every, "TF_LOG_SDK_FRAMEWORK=TRACE": every,
	} {
		if err := os.WriteFile(log, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		w.Env = env
		w.Setenv(variable, "TF_LOG_PATH="+filepath.Join(t.TempDir(), "unread"))
		if variable == "TF_LOG=" {
			w.Setenv("TF_LOG_PATH=")
		}
		w.run(t, "plan", "-detailed-exitcode")
		written, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for line := range bytes.Lines(written) {
			var entry struct {
				Message string `json:"@message"`
				RPC     string `json:"tf_rpc"`
			}
			if json.Unmarshal(line, &entry) != nil {
				continue
			}
			if strings.HasSuffix(entry.Message, " request") {
				entry.Message += " of " + entry.RPC
			}
			if _, counted := every[entry.Message]; counted {
				got[entry.Message]++
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: the log has %v, want %v", variable, got, want)
		}
	}
}
