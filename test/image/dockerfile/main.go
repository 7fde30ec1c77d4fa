// Command dockerfile tells tests, as JSON, what the programs make of this repository's files that a container engine would
// use. Nothing is pulled or built.
//
//	dockerfile check [-arg NAME=VALUE]... FILE   what BuildKit finds in a Dockerfile, and the image's configuration
//	dockerfile context FOLDER                    the files of a build context, without what .dockerignore leaves out
//	dockerfile seccomp                           containerd's default profile, which Kubernetes calls RuntimeDefault
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	answer, err := run(context.Background(), os.Args[1:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answer)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, words []string) (any, error) {
	if len(words) == 0 {
		return nil, fmt.Errorf("which command?")
	}
	args := map[string]string{}
	flags := flag.NewFlagSet(words[0], flag.ExitOnError)
	flags.Func("arg", "build argument, NAME=VALUE", func(text string) error {
		name, value, found := strings.Cut(text, "=")
		if !found {
			return fmt.Errorf("%q is not NAME=VALUE", text)
		}
		args[name] = value
		return nil
	})
	if err := flags.Parse(words[1:]); err != nil {
		return nil, err
	}
	switch words[0] {
	case "check":
		return check(ctx, flags.Arg(0), args)
	case "context":
		return contextFiles(ctx, flags.Arg(0))
	case "seccomp":
		return seccompProfile(), nil
	}
	return nil, fmt.Errorf("there is no command %q", words[0])
}
