using System.CommandLine;
using Loggregator.Client;
using Loggregator.Client.Consume;
using Loggregator.Hosting;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary><c>loggregator firehose</c>: everything that one may see, from now on.</summary>
internal static class FirehoseCommand
{
    public static Command Create(Screen screen, TimeProvider time)
    {
        var shard = new Option<string>("--shard-id")
        {
            Description = "Share the stream with all readers that give this id: each envelope goes to one of them.",
            HelpName = "ID",
            DefaultValueFactory = _ => "",
        };
        var command = new Command("firehose", "Shows everything that passes, of all sources and types, from now on. Ctrl-C ends.") { shard };
        var print = new PrintOptions(command, "all");
        var edge = new EdgeOptions(command);
        command.SetAction(async parsed =>
        {
            using var http = edge.Connect(parsed, time);
            var query = new StreamQuery { Types = print.AskedTypes(parsed), ShardId = parsed.GetValue(shard) ?? "" };
            using var signals = new Signals();
            var session = new StreamSession(screen, print.Printer(parsed, screen), edge.Url(parsed));
            return await session.RunAsync(new LogStream(http, query, time), true, signals);
        });
        return command;
    }
}
