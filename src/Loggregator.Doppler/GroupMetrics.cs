using System.Diagnostics.Metrics;
using Loggregator.Pipeline.Groups;

namespace Loggregator.Doppler;

/// <summary>The instruments of groups whose members acknowledge, tag <c>group</c>: groups of one shard id and different selectors add up.</summary>
internal static class GroupMetrics
{
    private const string Envelopes = "{envelope}";

    public static void Register(Meter meter, DopplerCounters counters)
    {
        void Count(string name, Func<GroupReport, long> read, string what) =>
            meter.CreateObservableCounter("loggregator.doppler.group." + name, () => Sum(counters, read), Envelopes, what);
        void Level(string name, string unit, Func<GroupReport, long> read, string what) =>
            meter.CreateObservableGauge("loggregator.doppler.group." + name, () => Sum(counters, read), unit, what);

        Count("matched", group => group.Matched, "Envelopes that were the group's to get, each once: acknowledged + dropped + held");
        Count("acknowledged", group => group.Acknowledged, "Of these, those that a member acknowledged");
        Count("dropped", group => group.Dropped, "Of these, those that left the log unacknowledged");
        Count("resent", group => group.Resent, "Envelopes sent again because who had them left, or gave their source up");
        Level("held", Envelopes, group => group.Held, "Envelopes that are sent and not acknowledged, or wait to be sent again");
        Level("in_flight.bytes", "By", group => group.InFlightBytes, "Bytes that members have not acknowledged");
        Level("lag", Envelopes, group => group.LagEnvelopes, "Envelopes in the log behind the member that is furthest behind, matching or not");
        Level("lag.bytes", "By", group => group.LagBytes, "Bytes of the log behind that place, to the segment");
        Level("members", "{member}", group => group.Members, "Members that are there");
        Level("marks", "{mark}", group => group.Marks, "Places in the log from which parts of the group go on");
        meter.CreateObservableGauge(
            "loggregator.doppler.group.oldest",
            () => counters.Groups.GroupBy(group => group.ShardId).Select(groups => Measure(groups.Key, groups.Max(group => group.OldestUnacknowledged.TotalSeconds))),
            "s",
            "How long ago the oldest unacknowledged envelope was sent");
    }

    private static IEnumerable<Measurement<long>> Sum(DopplerCounters counters, Func<GroupReport, long> read) =>
        counters.Groups.GroupBy(group => group.ShardId).Select(groups => Measure(groups.Key, groups.Sum(read)));

    private static Measurement<T> Measure<T>(string group, T value)
        where T : struct => new(value, new KeyValuePair<string, object?>("group", group));
}
