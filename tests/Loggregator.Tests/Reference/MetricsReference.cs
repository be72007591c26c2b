using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Loggregator.Client.Connect;
using Loggregator.Hosting.Telemetry;
using Loggregator.Nozzle;
using Loggregator.Roles;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Loggregator.Tests.Reference;

/// <summary>Writes docs/metrics.md from the instruments that the roles register, and from what they tell of themselves in envelopes.</summary>
internal static class MetricsReference
{
    private const string Head = """
        # Metrics

        Every instrument of every role, made from the code; a test compares ([how to make it anew](../CONTRIBUTING.md)).

        Each role serves its instruments as Prometheus text at `/metrics` of its own port: 9101 the agent, 9102 the Doppler, 9103 the Traffic Controller.
        Counters count from the start of the process.

        """;

    private const string EnvelopesHead = """

        ## As envelopes

        Each role also tells of itself in envelopes, by the names of the original processes, so that their dashboards and alerts go on. It sends them to the
        agent at `Metrics:EmitTo` (empty: nowhere). The agent
        adds its own tags. All have the tag `origin`. The original agent's numbers are scraped, so its counters carry totals; those of the others carry the
        difference since the last envelope, also when it is zero.

        """;

    public static string Render()
    {
        var text = new StringBuilder(Head);
        foreach (var role in RoleTable.IngressToEgress)
        {
            Table(text, role.Name, InstrumentsOf(role));
        }

        Table(text, "every role, of its process", InstrumentsOf(null));
        text.Append(EnvelopesHead);
        foreach (var (role, report) in RoleTable.IngressToEgress.SelectMany(role => SelfReports.Of(role.Section).Select(report => (role, report))))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n### {role.Name}, as {report.SourceId}\n\nSource id `{report.SourceId}`, origin `{report.Origin}`, every {report.Interval.TotalSeconds} s.\n\n");
            text.Append("| name | type | unit | tags | meaning |\n|---|---|---|---|---|\n");
            foreach (var metric in report.Metrics)
            {
                var tags = string.Join(", ", metric.Tags.Select(tag => $"`{tag.Key}={tag.Value}`"));
                text.Append(CultureInfo.InvariantCulture, $"| `{metric.Name}` | {(metric.Unit is null ? "counter" : "gauge")} | {metric.Unit} | {tags} | {metric.Description} |\n");
            }
        }

        return text.ToString();
    }

    /// <summary>All names there are: of instruments, and of their series at <c>/metrics</c>.</summary>
    public static IEnumerable<string> Names() => RoleTable.IngressToEgress.SelectMany(InstrumentsOf).Concat(InstrumentsOf(null))
        .SelectMany(instrument => new[] { instrument.Name, instrument.Series });

    private static void Table(StringBuilder text, string title, IEnumerable<InstrumentLine> instruments)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n## {title}\n\n| instrument | at `/metrics` | type | unit | tags | meaning |\n|---|---|---|---|---|---|\n");
        foreach (var line in instruments)
        {
            text.Append(CultureInfo.InvariantCulture, $"| `{line.Name}` | `{line.Series}` | {line.Type} | `{line.Unit}` | {line.Tags} | {line.Description} |\n");
        }
    }

    /// <summary>What a role registers, or the process when there is none.</summary>
    private static List<InstrumentLine> InstrumentsOf(Role? role)
    {
        var services = new ServiceCollection().AddLogging().AddMetrics().AddSingleton(TimeProvider.System);
        services.AddSingleton(_ => new PeerConnector(null, NullLogger<PeerConnector>.Instance));
        services.AddSingleton<IHostApplicationLifetime>(new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance));
        role?.Add(services, WithSinks(role.NewOptions()));
        services.AddSingleton<ProcessMetrics>();
        var registers = role is null ? typeof(ProcessMetrics) : services.Single(service => service.ServiceType.Name == role.Section + "Metrics").ServiceType;

        using var provider = services.BuildServiceProvider();
        provider.GetService<NozzleService>()?.StartAsync(CancellationToken.None).GetAwaiter().GetResult(); // its sinks are tags
        var meters = provider.GetRequiredService<IMeterFactory>();
        var tags = new Dictionary<Instrument, SortedDictionary<string, SortedSet<string>>>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, all) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters))
            {
                tags[instrument] = [];
                all.EnableMeasurementEvents(instrument);
            }
        };
        void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> found)
        {
            foreach (var (key, value) in found)
            {
                (tags[instrument].TryGetValue(key, out var values) ? values : tags[instrument][key] = []).Add(Convert.ToString(value, CultureInfo.InvariantCulture)!);
            }
        }

        listener.SetMeasurementEventCallback<long>((instrument, _, found, _) => Note(instrument, found));
        listener.SetMeasurementEventCallback<int>((instrument, _, found, _) => Note(instrument, found));
        listener.SetMeasurementEventCallback<double>((instrument, _, found, _) => Note(instrument, found));
        listener.Start();
        provider.GetRequiredService(registers);
        listener.RecordObservableInstruments();
        provider.GetService<NozzleService>()?.StopAsync(CancellationToken.None).GetAwaiter().GetResult();
        return [.. tags.OrderBy(pair => pair.Key.Name, StringComparer.Ordinal).Select(pair => InstrumentLine.Of(pair.Key, pair.Value))];
    }

    private static object WithSinks(object options)
    {
        if (options is NozzleOptions nozzle)
        {
            (nozzle.Sink, nozzle.Spool) = (["blackhole:", "live=blackhole:?mode=live"], Directory.CreateTempSubdirectory("loggregator-reference-").FullName);
        }

        return options;
    }
}
