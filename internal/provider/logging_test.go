package provider

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// speakVariable makes a test binary log at each level, in a call for a resource
// and in another one.
const speakVariable = "TWCLOUD_TEST_SPEAK"

func speak(ctx context.Context, t *testing.T) {
	t.Helper()
	p := New("test")
	p.LimitLogs()
	s, ok := p.Server().(*server)
	if !ok {
		t.Fatal("not the wrapper")
	}
	say := func(ctx context.Context, _ struct{}) (struct{}, error) {
		logger := newLogger(s.logs)
		for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
			logger.Log(ctx, level, "said at "+level.String())
		}
		return struct{}{}, nil
	}
	if _, err := lean(ctx, s, say, struct{}{}); err != nil {
		t.Fatal(err)
	}
}

// Warnings are never lost, and the rest is not written in vain.
func TestLimitLogs(t *testing.T) {
	t.Parallel()
	if os.Getenv(speakVariable) != "" {
		speak(t.Context(), t)
		return
	}
	for name, test := range map[string]struct{ environment, want string }{
		"nobody asks":       {want: "WARN ERROR"},
		"empty":             {environment: "TF_LOG=", want: "WARN ERROR"},
		"the caller's logs": {environment: "TF_LOG=TRACE"}, // to the logger of the context, which has none here
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLimitLogs$")
			command.Env = []string{speakVariable + "=1", test.environment}
			output, err := command.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			var said []string
			for line := range strings.Lines(string(output)) {
				if _, after, found := strings.Cut(line, `"@message":"said at `); found {
					level, _, _ := strings.Cut(after, `"`)
					if !strings.Contains(line, `"@level":"`+strings.ToLower(level)+`"`) || !strings.Contains(line, `"@module":"twcloud"`) {
						t.Errorf("Terraform misunderstands %s", line)
					}
					said = append(said, level)
				}
			}
			if got := strings.Join(said, " "); got != test.want {
				t.Errorf("logged at %s, want %s:\n%s", got, test.want, output)
			}
		})
	}
}
