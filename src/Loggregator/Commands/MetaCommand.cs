using System.CommandLine;
using Google.Protobuf;
using Loggregator.Hosting;
using Loggregator.Protocol.LogCache;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary><c>loggregator meta</c>: what is held of each source, as log-cache's plugin tells it. Reads from any log-cache.</summary>
internal static class MetaCommand
{
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(3); // two samples

    public static Command Create(Screen screen, TimeProvider time)
    {
        var type = new Option<string>("--source-type")
        {
            Description = "Only platform components, or only what has a GUID for its id (unknown: whose it is is not looked up).",
            HelpName = "TYPE",
            DefaultValueFactory = _ => MetaTable.AllTypes,
        };
        type.AcceptOnlyFromAmong(MetaTable.AllTypes, MetaTable.Platform, MetaTable.Unknown);
        var sort = new Option<string>("--sort-by") { Description = $"Ascending, by one of {string.Join(", ", MetaTable.SortKeys)}.", HelpName = "COLUMN", DefaultValueFactory = _ => "" };
        sort.AcceptOnlyFromAmong([.. MetaTable.SortKeys, ""]);
        var noise = new Option<bool>("--noise") { Description = "Also show how many a minute come, of two looks a few seconds apart." };
        var guid = new Option<bool>("--guid") { Description = "Source ids alone, without what they are." };
        var command = new Command("meta", "Lists what is held of each source: how many envelopes, how many are gone, and how long back it reaches.") { type, sort, noise, guid };
        command.Validators.Add(result =>
        {
            var key = result.GetValue(sort);
            if (key == "rate" && !result.GetValue(noise))
            {
                result.AddError("--sort-by rate needs --noise.");
            }

            if (key is "source" or "source-type" && result.GetValue(guid))
            {
                result.AddError($"--sort-by {key} cannot be used with --guid.");
            }
        });
        var edge = new EdgeOptions(command);
        command.SetAction(async parsed =>
        {
            using var http = edge.Connect(parsed, time);
            using var signals = new Signals();
            try
            {
                var before = parsed.GetValue(noise) ? await AskAsync(http, signals.Stopping) : null;
                var since = time.GetTimestamp();
                if (before is not null)
                {
                    await Task.Delay(Apart, time, signals.Stopping);
                }

                var rows = MetaRow.Of(await AskAsync(http, signals.Stopping), before, time.GetElapsedTime(since));
                new MetaTable(screen).Show(rows, parsed.GetValue(type)!, parsed.GetValue(sort)!, parsed.GetValue(noise), parsed.GetValue(guid));
                return ExitCode.Done;
            }
            catch (OperationCanceledException) when (signals.Stopping.IsCancellationRequested)
            {
                return ExitCode.Interrupted;
            }
            catch (Exception e) when (e is HttpRequestException or InvalidProtocolBufferException or InvalidJsonException)
            {
                throw new CommandFailedException($"Cannot ask {edge.Url(parsed)}: {EdgeOptions.Reason(e)}");
            }

            async Task<MetaResponse> AskAsync(HttpClient client, CancellationToken cancel)
            {
                using var response = await client.GetAsync("/api/v1/meta", cancel);
                response.EnsureSuccessStatusCode();
                if (response.Headers.TryGetValues("X-Loggregator-Partial", out var partial))
                {
                    screen.Notice($"only {SafeText.Clean(partial.First())} Dopplers have answered");
                }

                return JsonParser.Default.Parse<MetaResponse>(await response.Content.ReadAsStringAsync(cancel));
            }
        });
        return command;
    }
}
