using System.Globalization;
using System.Reflection;
using Loggregator.Agent;
using Loggregator.Doppler;
using Loggregator.Nozzle;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Series;
using Loggregator.TrafficController;
using Microsoft.Extensions.DependencyInjection;

namespace Loggregator.TestKit.Cluster;

/// <summary>The counters of one life of a role; they can be read after its end.</summary>
internal sealed class RoleCounters(string role, IServiceProvider services)
{
    private readonly AgentCounters? _agent = services.GetService<AgentCounters>();
    private readonly SeriesCounters? _samples = services.GetService<SeriesStore>()?.Counters;
    private readonly DopplerCounters? _doppler = services.GetService<DopplerCounters>();
    private readonly NozzleService? _nozzle = services.GetService<NozzleService>();
    private readonly TrafficControllerCounters? _trafficController = services.GetService<TrafficControllerCounters>();

    /// <summary>It ended in the middle of its work: nothing has to add up.</summary>
    public bool Killed { get; set; }

    /// <summary>Envelopes that Dopplers have answered for to this agent.</summary>
    public long Confirmed => _agent?.Confirmed ?? 0;

    /// <summary>Envelopes that this Doppler got, copies included.</summary>
    public long Received => _doppler is null ? 0 : _doppler.Received + _doppler.DuplicateEnvelopes;

    /// <summary>What adds up once the role is at rest.</summary>
    public IEnumerable<Account> Accounts()
    {
        if (_agent is { } agent)
        {
            yield return new Account(
                $"{role}: received + generated = appended + invalid + too large",
                agent.Received + agent.Generated,
                agent.Appended + agent.Dropped(LossReason.Invalid) + agent.Dropped(LossReason.TooLarge));
            yield return new Account(
                $"{role}: appended = sent + ring full + shutdown + held",
                agent.Appended,
                agent.Sent + agent.Dropped(LossReason.RingFull) + agent.Dropped(LossReason.Shutdown) + agent.Held);
            yield return new Account($"{role}: sent + resent = confirmed + lost", agent.Sent + agent.Resent, agent.Confirmed + agent.Lost);
            yield return new Account($"{role}: nothing is held, nothing is charged", agent.Held + agent.ChargedBytes, 0);
        }

        if (_doppler is { } doppler)
        {
            var delivery = doppler.Delivery;
            yield return new Account(
                $"{role}: received = appended + invalid + too large", doppler.Received, doppler.Appended + doppler.Invalid + doppler.TooLarge);
            yield return new Account(
                $"{role}: matched = written + evicted + too large + peer gone + returned + unconverted",
                delivery.Matched,
                delivery.Written + delivery.Evicted + delivery.TooLarge + delivery.PeerGone + delivery.Returned + delivery.Unconverted.Sum());
        }

        if (_samples is { } samples)
        {
            yield return new Account(
                $"{role}: samples received + loaded = appended + folded + replaced + too large",
                samples.Received + samples.Loaded,
                samples.Appended + samples.Folded + samples.Replaced + samples.TooLarge);
        }

        foreach (var group in _doppler?.Groups ?? [])
        {
            yield return new Account(
                $"{role}: group {group.ShardId}: matched = acknowledged + dropped + held", group.Matched, group.Acknowledged + group.Dropped + group.Held);
        }

        if (_trafficController is { } controller)
        {
            yield return new Account(
                $"{role}: matched = written + dropped + filtered + duplicates + trimmed",
                controller.Matched,
                controller.Written + controller.Dropped + controller.Filtered + controller.Duplicates + controller.Trimmed);
            yield return new Account($"{role}: nothing is held", controller.Held, 0);
        }

        foreach (var account in (_nozzle?.Pipes ?? []).SelectMany(Accounts))
        {
            yield return account;
        }
    }

    /// <summary>All numbers, for messages and to see whether they stand still.</summary>
    public string Describe()
    {
        var sinks = (_nozzle?.Pipes ?? []).SelectMany(pipe => new object?[] { pipe.Intake, pipe.Counters, pipe.Spool, pipe.Live });
        var numbers = new object?[] { _agent, _doppler, _doppler?.Delivery, _trafficController }.Concat(sinks).OfType<object>().SelectMany(Numbers);
        return $"{role}{(Killed ? " (killed)" : "")}: {string.Join(' ', numbers)}";
    }

    private IEnumerable<Account> Accounts(SinkPipe pipe)
    {
        var (name, intake, sink) = ($"{role}: sink {pipe.Definition.Name}", pipe.Intake, pipe.Counters);
        yield return new Account(
            $"{name}: received + told = filtered + too large + appended", intake.Received + intake.Told, intake.Filtered + intake.TooLarge + intake.Appended);
        yield return new Account($"{name}: all frames are acknowledged", intake.Frames, intake.Acknowledged);
        yield return new Account(
            $"{name}: taken = delivered + dead letters + lost + in flight",
            sink.Taken,
            sink.Delivered + sink.DeadLettered + Enum.GetValues<LossReason>().Sum(sink.Lost) + sink.InFlight);
        if (pipe.Spool is { } spool)
        {
            yield return new Account($"{name}: appended = stored", intake.Appended, spool.Appended);
            yield return new Account(
                $"{name}: restored + stored = delivered + dropped + damaged + held", spool.Restored + spool.Appended, spool.Delivered + spool.Dropped + spool.Damaged + spool.Held);
        }
        else if (pipe.Live is { } live)
        {
            yield return new Account(
                $"{name}: appended + told = taken + ring full + shutdown + held",
                live.Appended + live.Told,
                sink.Taken + live.Dropped(LossReason.RingFull) + live.Dropped(LossReason.Shutdown) + live.Held);
        }
    }

    private static IEnumerable<string> Numbers(object counters)
    {
        var fields = counters.GetType().GetFields(BindingFlags.Public | BindingFlags.Instance)
            .Select(field => (field.Name, Value: field.GetValue(counters)));
        var properties = counters.GetType().GetProperties().Select(property => (property.Name, Value: property.GetValue(counters)));
        var dropped = counters is AgentCounters agent
            ? Enum.GetValues<LossReason>().Select(reason => (Name: $"Dropped({reason})", Value: (object?)agent.Dropped(reason)))
            : [];
        return fields.Concat(properties).Concat(dropped)
            .Where(number => number.Value is long or int && Convert.ToInt64(number.Value, CultureInfo.InvariantCulture) != 0)
            .Select(number => $"{number.Name}={number.Value}");
    }
}
