package provider

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformtest"
)

// messagesVariable names the file to which the tests write each diagnostic that
// they have provoked: see "make messages".
const messagesVariable = "PROVIDER_MESSAGES"

// A diagnostic fits on one screen.
const (
	summaryWords  = 8
	detailLines   = 14
	detailColumns = 80
)

var (
	messages      = map[string]string{}
	messagesMutex sync.Mutex
	// variable is what differs between runs and between consumers. Diagnostics that
	// differ in nothing else are one message.
	variable = regexp.MustCompile(`"[^"\n]*"|\S*\d\S*`)
	// oddWords are those that the project's messages do without.
	oddWords = regexp.MustCompile(`(?i)\b(stands|anew|bears?|further|whoever|cancelled|behaviour|recognise\w*)\b`)
)

func TestMain(m *testing.M) {
	status := terraformtest.Run(m)
	if file := os.Getenv(messagesVariable); file != "" {
		texts := slices.Sorted(maps.Values(messages))
		if err := os.WriteFile(file, []byte(strings.Join(texts, "\n")), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

// CheckMessage fails if a diagnostic is longer than a screen or has words that the
// project does without, and notes it for "make messages".
func CheckMessage(t *testing.T, severity, summary, detail string) {
	t.Helper()
	wrapped := wrap(detail, detailColumns)
	text := fmt.Sprintf("%s: %s\n%s\n", strings.ToUpper(severity), summary, strings.Join(wrapped, "\n"))
	if n := len(strings.Fields(summary)); n > summaryWords {
		t.Errorf("the summary has %d words, want at most %d:\n%s", n, summaryWords, text)
	}
	if len(wrapped) > detailLines && !strings.Contains(detail, reportBug) {
		t.Errorf("the detail has %d lines, want at most %d:\n%s", len(wrapped), detailLines, text)
	}
	if word := oddWords.FindString(text); word != "" {
		t.Errorf("says %q:\n%s", word, text)
	}
	messagesMutex.Lock()
	defer messagesMutex.Unlock()
	same := variable.ReplaceAllString(severity+summary+detail, "_")
	if known, found := messages[same]; !found || text < known {
		messages[same] = text
	}
}

// wrap breaks a text into lines, as Terraform does.
func wrap(text string, columns int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			if line != "" && len(line)+1+len(word) > columns {
				lines, line = append(lines, line), ""
			}
			line = strings.TrimLeft(line+" "+word, " ")
		}
		lines = append(lines, line)
	}
	return lines
}
