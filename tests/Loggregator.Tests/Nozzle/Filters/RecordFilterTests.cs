using Google.Protobuf;
using Loggregator.Nozzle.Filters;
using Loggregator.Nozzle.Sinks;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.V2;
using Xunit;
using Log = Loggregator.Protocol.V2.Log;
using Timer = Loggregator.Protocol.V2.Timer;

namespace Loggregator.Tests.Nozzle.Filters;

public sealed class RecordFilterTests
{
    [Theory]
    [InlineData("", "log out err counter gauge timer event gap")]
    [InlineData("drain-data=logs", "log out err event gap")]
    [InlineData("drain-data=metrics", "counter gauge gap")]
    [InlineData("drain-data=traces", "timer gap")]
    [InlineData("drain-type=logs", "log out err gap")]
    [InlineData("drain-type=metrics&drain-data=traces", "timer gap")]
    [InlineData("drain-data=logs&include-metrics-deprecated=true", "log out err counter gauge timer event gap")]
    [InlineData("selectors=log", "log out err gap")]
    [InlineData("selectors=counter:requests,timer@app-1", "counter timer gap")]
    [InlineData("selectors=counter:other,gauge:cpu%2Bmem,event@app-2", "gap")]
    [InlineData("selectors=gauge:cpu", "gauge gap")]
    [InlineData("severity=err", "err counter gauge timer event gap")]
    [InlineData("match=^hello", "log counter gauge timer event gap")]
    [InlineData("exclude=hello|out", "err counter gauge timer event gap")]
    [InlineData("sources=app-*", "log out err counter gauge timer event gap")]
    [InlineData("sources=!app-?", "")]
    [InlineData("sources=app-*&sources=!*1", "")]
    [InlineData("sources=other", "")]
    public void Filter_TakesWhatItSays(string options, string taken)
    {
        var envelopes = new (string Name, Envelope Envelope)[]
        {
            ("log", new Envelope { Log = new Log { Payload = ByteString.CopyFromUtf8("hello") } }),
            ("out", new Envelope { Log = new Log { Payload = ByteString.CopyFromUtf8("out") } }),
            ("err", new Envelope { Log = new Log { Payload = ByteString.CopyFromUtf8("error"), Type = Log.Types.Type.Err } }),
            ("counter", new Envelope { Counter = new Counter { Name = "requests" } }),
            ("gauge", new Envelope { Gauge = new Gauge { Metrics = { ["cpu"] = new GaugeValue() } } }),
            ("timer", new Envelope { Timer = new Timer() }),
            ("event", new Envelope { Event = new Event() }),
            ("gap", new Envelope { Counter = new Counter { Name = "dropped" }, Tags = { ["hop"] = "agent", ["reason"] = "ring_full" } }),
            ("none", new Envelope()),
        };
        var errors = new List<string>();
        var filter = SinkSpec.Parse("blackhole:?" + options, new Dictionary<string, IReadOnlyList<string>>(), errors)?.Filter;
        Assert.Empty(errors);
        Assert.Equal(taken, string.Join(' ', envelopes.Where(one => Takes(filter!, one.Envelope)).Select(one => one.Name)));
    }

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("a*b*c", "axxbyyc", true)]
    [InlineData("a*b*c", "axxbyy", false)]
    [InlineData("*a", "bab", false)]
    [InlineData("*aab", "aaaaab", true)]
    [InlineData("?*?", "a", false)]
    [InlineData("app-??", "app-12", true)]
    public void Glob_Matches(string pattern, string source, bool matches) =>
        Assert.Equal(matches, new SourceGlob(pattern).Matches(System.Text.Encoding.UTF8.GetBytes(source)));

    private static bool Takes(RecordFilter filter, Envelope envelope)
    {
        envelope.SourceId = "app-1";
        var bytes = envelope.ToByteArray();
        Assert.True(RawEnvelope.TryRead(bytes, out var header));
        return filter.Takes(bytes, header);
    }
}
