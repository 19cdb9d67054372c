package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/bench/usage"
)

// appetiteVariable makes this test binary a program that uses up some memory,
// tells its VmHWM and exits.
const appetiteVariable = "TWCLOUD_BENCH_TEST_APPETITE"

const appetiteStatus = 7

func useUp(size string) int {
	megabytes, err := strconv.Atoi(size)
	if err != nil {
		return 1
	}
	memory := make([]byte, megabytes<<20)
	for i := range memory {
		memory[i] = byte(i)
	}
	mark, _ := usage.OwnPeak()
	fmt.Print(mark)
	runtime.KeepAlive(memory)
	return appetiteStatus
}

// What the shim notes is what the process itself sees at its end, and it stays
// so when the shim is the child of a larger process.
func TestShim_notesWhatTheProviderUses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("It builds programs.")
	}
	built := buildOnce(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ballast := make([]byte, 200<<20)
	for i := range ballast {
		ballast[i] = byte(i)
	}
	file := filepath.Join(t.TempDir(), "usage.jsonl")
	cmd := exec.CommandContext(t.Context(), built.shim)
	cmd.Env = append(os.Environ(), usage.ProgramVariable+"="+self, usage.FileVariable+"="+file, appetiteVariable+"=64")
	output, err := cmd.Output()
	runtime.KeepAlive(ballast)
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != appetiteStatus {
		t.Fatalf("the shim has not handed on the exit status: %v", err)
	}
	seen, err := strconv.ParseInt(string(output), 10, 64)
	if err != nil {
		t.Fatalf("the shim has not handed on the output: %q", output)
	}
	total, err := usage.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if total.Processes != 1 || total.CPU <= 0 {
		t.Errorf("got %+v", total)
	}
	if runtime.GOOS != "linux" {
		if total.Peak != 0 {
			t.Errorf("a peak of %d is known", total.Peak)
		}
		return
	}
	// The kernel counts pages for each CPU, and adds them up now and then; and the
	// program does a little after it has looked.
	if seen < 64<<20 || total.Peak < seen-4<<20 || total.Peak > seen+8<<20 {
		t.Errorf("the program has seen a VmHWM of %d, the shim noted %d", seen, total.Peak)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		content string
		want    usage.Total
		wantErr string
	}{
		"two processes": {
			content: `{"event":"started"}
{"event":"started"}
{"event":"ended","cpu":2000,"peak":5}
{"event":"ended","cpu":3000,"peak":4}
`,
			want: usage.Total{Processes: 2, CPU: 5000, Peak: 5},
		},
		"killed": {
			content: `{"event":"started"}` + "\n",
			wantErr: "1 provider processes were started, 0 ended by themselves",
		},
		"torn": {content: `{"event":`, wantErr: "unexpected end of JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "usage.jsonl")
			if err := os.WriteFile(file, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := usage.Read(file)
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Fatalf("got %v, want %q", err, test.wantErr)
				}
				return
			}
			if err != nil || got != test.want {
				t.Fatalf("got %+v, %v", got, err)
			}
			if _, err := usage.Read(file); err == nil {
				t.Error("the file has not been removed")
			}
		})
	}
}
