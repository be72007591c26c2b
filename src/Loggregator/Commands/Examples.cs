using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Loggregator.Commands;

/// <summary>Help that teaches: after the usage of a command its examples.</summary>
internal static class Examples
{
    private static readonly Dictionary<string, string[]> Of = new()
    {
        [""] =
        [
            "loggregator dev                                   everything in one process",
            "loggregator run --source build -- make            ship a program's output",
            "loggregator tail build                            see it: history, then live",
        ],
        ["dev"] = ["loggregator dev", "loggregator dev --set TrafficController:HttpListen=127.0.0.1:9081"],
        ["agent"] =
        [
            "loggregator agent --doppler doppler.internal:8082 --cert agent.crt --key agent.key --ca ca.crt",
            "loggregator agent --config agent.json --tag deployment=prod",
        ],
        ["doppler"] = ["loggregator doppler --listen 127.0.0.1:8082", "loggregator doppler --cert doppler.crt --key doppler.key --ca ca.crt --log-bytes 1GiB"],
        ["traffic-controller"] =
        [
            "loggregator traffic-controller --grpc-listen 127.0.0.1:8083",
            "loggregator traffic-controller --doppler 10.0.0.4:8082,10.0.0.5:8082 --cert tc.crt --key tc.key --ca ca.crt",
        ],
        ["emit"] =
        [
            "loggregator emit --source dpkg /var/log/dpkg.log",
            "dmesg | loggregator emit --source kernel --err",
            "loggregator emit --source shop --counter orders=3 --gauge load=0.7ratio --event 'deployed=version 12'",
        ],
        ["run"] = ["loggregator run --source build -- dotnet build", "loggregator run --source web --instance 2 --quiet -- ./server --port 80"],
        ["tail"] =
        [
            "loggregator tail build dpkg                       two sources, history first, then live",
            "loggregator tail web --since 10m --include 'ERR|WARN'",
            "loggregator tail web --lines 50000 --no-follow",
            "loggregator tail web --no-follow --format json | jq .tags",
        ],
        ["firehose"] = ["loggregator firehose --format json", "loggregator firehose --shard-id archive        shares the stream with all who give that id"],
        ["sources"] = ["loggregator sources", "loggregator sources --top", "loggregator sources --format json | jq '.sources[].source_id'"],
        ["meta"] = ["loggregator meta --sort-by count", "loggregator meta --noise --sort-by rate          who is loud right now"],
        ["query"] =
        [
            "loggregator query 'cpu{source_id=\"web\"}'                                 the last value of each series",
            "loggregator query 'sum by (source_id) (rate(orders[5m]))' --watch 5s       how many a second, anew every 5 seconds",
            "loggregator query 'histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))' --range 1h --step 15s",
            "loggregator query 'cpu' --time 2026-08-22T14:00:00Z --format csv > cpu.csv",
            "loggregator query 'topk(3, cpu)' --format json | jq '.result[].metric'",
        ],
        ["spool"] =
        [
            "loggregator spool inspect /var/lib/loggregator/spool/siem      how much is held, how far it is delivered",
            "loggregator spool check /var/lib/loggregator/spool/siem        exit code 1 when something is damaged",
            "loggregator spool export /var/lib/loggregator/spool/siem | jq .source_id",
        ],
        ["certs"] = ["loggregator certs init --dir certs", "loggregator certs issue agent doppler traffic-controller --dir certs --name doppler.internal"],
        ["config"] = ["loggregator config check doppler --config doppler.json", "loggregator config print agent"],
        ["promqltest"] = ["loggregator promqltest tests/Loggregator.Tests/PromQl/Scripts/*.test      exit code 1 when an evaluation is not as expected"],
        ["completion"] =
        [
            "loggregator completion bash > ~/.local/share/bash-completion/completions/loggregator",
            "loggregator completion zsh > ~/.zfunc/_loggregator      with 'fpath+=~/.zfunc' before compinit in ~/.zshrc",
            "loggregator completion fish > ~/.config/fish/completions/loggregator.fish",
        ],
    };

    /// <summary>Lets the help of every command end with its examples.</summary>
    public static void AddTo(RootCommand root)
    {
        foreach (var option in root.Options.OfType<HelpOption>())
        {
            Array.ForEach(["/h", "/?", "-?"], alias => option.Aliases.Remove(alias)); // here a slash begins a path
            option.Action = new HelpWithExamples((HelpAction)option.Action!, root);
        }
    }

    private sealed class HelpWithExamples(HelpAction help, RootCommand root) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var result = help.Invoke(parseResult);
            var command = parseResult.CommandResult.Command;
            if (Of.TryGetValue(command == root ? "" : command.Name, out var examples))
            {
                var output = parseResult.InvocationConfiguration.Output;
                output.WriteLine("Examples:");
                foreach (var example in examples)
                {
                    output.WriteLine("  " + example);
                }
            }

            return result;
        }
    }
}
