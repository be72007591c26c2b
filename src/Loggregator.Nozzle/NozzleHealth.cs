using System.Text.Json;
using Loggregator.Nozzle.Delivery;
using Loggregator.Pipeline.Flow;

namespace Loggregator.Nozzle;

/// <summary>What <c>/health</c> tells of the sinks. It shows no secret.</summary>
internal static class NozzleHealth
{
    /// <summary>Whether every sink takes in and delivers.</summary>
    public static bool IsWell(NozzleService nozzle) => nozzle.Pipes.All(pipe => pipe.Joined && pipe.Trouble is null && pipe.Counters.State == SinkState.Delivering);

    /// <summary>Writes the property <c>sinks</c>: an object per sink. Times are seconds.</summary>
    public static void Write(NozzleService nozzle, Utf8JsonWriter json)
    {
        json.WriteStartArray("sinks");
        foreach (var pipe in nozzle.Pipes)
        {
            Write(pipe, json);
        }

        json.WriteEndArray();
    }

    private static void Write(SinkPipe pipe, Utf8JsonWriter json)
    {
        var counters = pipe.Counters;
        var backlog = counters.Backlog;
        json.WriteStartObject();
        json.WriteString("name", pipe.Definition.Name);
        json.WriteString("endpoint", counters.Endpoint);
        json.WriteString("mode", pipe.Live is null ? "durable" : "live");
        json.WriteString("state", counters.State.ToString().ToLowerInvariant());
        json.WriteNumber("rate", Math.Round(pipe.Rate, 1));
        json.WriteNumber("lag", Math.Round(counters.LagSeconds, 3));
        json.WriteNumber("backlog", backlog.Records);
        json.WriteNumber("backlog_bytes", backlog.Bytes);
        json.WriteNumber("in_flight", counters.InFlight);
        json.WriteNumber("delivered", Interlocked.Read(ref counters.Delivered));
        json.WriteNumber("retries", Interlocked.Read(ref counters.Retries));
        json.WriteNumber("dead_letters", Interlocked.Read(ref counters.DeadLettered));
        json.WriteStartObject("lost");
        foreach (var (reason, count) in Losses(pipe).Where(loss => loss.Count > 0))
        {
            json.WriteNumber(reason, count);
        }

        json.WriteEndObject();
        if (counters.LastFailure is { } failure)
        {
            json.WriteString("last_error", failure.Reason);
            json.WriteString("last_error_at", failure.At);
        }

        if (pipe.Trouble is { } trouble)
        {
            json.WriteString("trouble", trouble);
        }

        json.WriteStartArray("dopplers");
        foreach (var doppler in pipe.Dopplers)
        {
            json.WriteStartObject();
            json.WriteString("address", doppler.Address);
            json.WriteBoolean("attached", doppler.Attached);
            json.WriteNumber("unacknowledged_bytes", doppler.UnacknowledgedBytes);
            if (!doppler.Attached && doppler.LastError is { } error)
            {
                json.WriteString("last_error", error);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static IEnumerable<(string Reason, long Count)> Losses(SinkPipe pipe)
    {
        yield return ("told_by_dopplers", Interlocked.Read(ref pipe.Intake.ToldLost));
        yield return ("too_large_for_spool", Interlocked.Read(ref pipe.Intake.TooLarge));
        yield return ("invalid", pipe.Invalid);
        if (pipe.Spool is { } spool)
        {
            yield return ("spool_full", Interlocked.Read(ref spool.Dropped));
            yield return ("spool_damaged", Interlocked.Read(ref spool.Damaged));
        }

        if (pipe.Live is { } live)
        {
            yield return (LossReason.RingFull.Text(), live.Dropped(LossReason.RingFull));
        }

        foreach (var reason in new[] { LossReason.TooLarge, LossReason.Invalid, LossReason.Refused })
        {
            yield return ($"{reason.Text()}_by_receiver", pipe.Counters.Lost(reason));
        }
    }
}
