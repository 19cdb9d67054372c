// Package learn derives an API profile from a recording of a browser's network
// traffic: the command "learn".
package learn

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
)

// Steps tell the administrator what to record.
const Steps = `terraform-provider-twcloud learn [-o FILE] RECORDING.har

Learns how your server administers OAuth consumers from a recording of what your
browser does. To make the recording:

  0  Open the developer tools of your browser (F12), tab Network. Turn on
     "Preserve log" (Firefox: "Persist Logs") and "Disable cache".
  1  Open the page "OAuth consumers", so that the list is loaded. If the list has
     pages, go to the last one. If a consumer twcloud-learn or
     twcloud-learn-renamed is left from an earlier try, remove it.
  2  Register a consumer:   name    twcloud-learn
                            secret  twcloud-learn-secret-1
  3  Approve it, then disapprove it.
  4  Edit it in two saves, with an approval between them:
       change the name:     twcloud-learn-renamed
       approve the consumer again
       change the secret:   twcloud-learn-secret-2
     If the page wants both at once, save them together and approve afterwards.
  5  Remove it.
  6  Save the recording as one HAR file, with sensitive data if you are asked.

Type the values exactly like this. Then run

  terraform-provider-twcloud learn -o profile.json RECORDING.har

The profile goes to FILE, or to standard output. What was found goes to standard
error. Exit status: 0 complete, 1 unreadable or nothing found, 2 wrong usage,
3 partial.

The recording holds your session, passwords, and the names of consumers. Delete
it when you are done. The profile holds none of them.
`

const usage = "usage: terraform-provider-twcloud learn [-o FILE] RECORDING.har\n"

// Exit statuses.
const (
	complete = 0
	failed   = 1
	misused  = 2
	partial  = 3
)

// Run runs the command with what is after "learn" on the command line, and
// returns the exit status.
func Run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("learn", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	output := flags.String("o", "", "")
	var names []string
	err := flags.Parse(args)
	for ; err == nil && flags.NArg() > 0; err = flags.Parse(flags.Args()[1:]) { // Flags can be after the name.
		names = append(names, flags.Arg(0))
	}
	switch {
	case errors.Is(err, flag.ErrHelp), len(args) == 0:
		return say(stdout, Steps, complete)
	case err != nil:
		return say(stderr, err.Error()+"\n"+usage, misused)
	case len(names) != 1:
		return say(stderr, "Name one recording.\n"+usage, misused)
	case *output != "" && same(*output, names[0]):
		return say(stderr, "The profile would overwrite the recording: name another FILE.\n", misused)
	}
	entries, err := read(names[0])
	if err != nil {
		return say(stderr, fmt.Sprintf("Unable to read the recording: %v.\n", reason(err)), failed)
	}
	result := Learn(entries)
	switch {
	case result.Profile == nil:
		return say(stderr, result.Findings, failed)
	case *output == "":
		_, err = stdout.Write(result.Profile)
	default:
		err = os.WriteFile(*output, result.Profile, 0o644) //nolint:gosec // A profile has nothing private, and is there to be shared.
	}
	switch {
	case err != nil:
		return say(stderr, fmt.Sprintf("Unable to write the profile: %v.\n", reason(err)), failed)
	case result.Complete:
		return say(stderr, result.Findings, complete)
	}
	return say(stderr, result.Findings, partial)
}

func say(to io.Writer, text string, status int) int {
	_, _ = io.WriteString(to, text)
	return status
}

func read(name string) ([]har.Entry, error) {
	file, err := os.Open(name) //nolint:gosec // The user names it.
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // It was only read.
	return har.Read(file)
}

// reason is an error without the name of the file: browsers call a recording
// after the host.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func same(a, b string) bool {
	first, errFirst := os.Stat(a)
	second, errSecond := os.Stat(b)
	return errFirst == nil && errSecond == nil && os.SameFile(first, second)
}
