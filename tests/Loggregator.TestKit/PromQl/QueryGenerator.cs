using System.Globalization;
using Loggregator.PromQl.Storage;

namespace Loggregator.TestKit.PromQl;

/// <summary>Makes queries of every kind, and series for them to find, from a seed.</summary>
/// <param name="seed">The same makes the same.</param>
/// <param name="common">Only what Prometheus 2.42 knows too, and answers alike.</param>
/// <param name="origin">When the series begin, in seconds since 1970.</param>
public sealed class QueryGenerator(int seed, bool common = false, long origin = 0)
{
    private static readonly string[] Metrics = ["requests_total", "load", "job:load:sum", "latency_bucket"];
    private static readonly string[] Labels = ["job", "instance", "le"];
    private static readonly string[] Unary = ["abs", "ceil", "exp", "floor", "sgn", "sqrt", "ln", "sin", "atan", "deg", "hour", "day_of_year", "month", "timestamp", "sort", "sort_desc"];
    private static readonly string[] Windowed =
    [
        "rate", "increase", "delta", "irate", "idelta", "deriv", "changes", "resets", "avg_over_time", "sum_over_time", "min_over_time", "max_over_time", "count_over_time",
        "last_over_time", "present_over_time", "stddev_over_time", "stdvar_over_time", "absent_over_time", "mad_over_time",
    ];
    private static readonly string[] SinceThen = ["mad_over_time", "limitk", "limit_ratio", "60", "2m", "stddev", "stdvar"]; // a number as a duration, a duration as a number, NaN and infinity as one value

    private readonly Random _random = new(seed);

    /// <summary>Series of counters, gauges and buckets over <paramref name="minutes"/> minutes, with gaps, resets, staleness markers, NaN and infinities.</summary>
    public MemorySeries Series(int minutes)
    {
        var store = new MemorySeries();
        foreach (var metric in Metrics)
        {
            foreach (var instance in Enumerable.Range(0, 4))
            {
                var pairs = new Dictionary<string, string> { ["__name__"] = metric, ["job"] = instance < 2 ? "a" : "b", ["instance"] = instance.ToString(CultureInfo.InvariantCulture) };
                if (metric == "latency_bucket")
                {
                    pairs["instance"] = (instance / 2).ToString(CultureInfo.InvariantCulture);
                    pairs["le"] = instance % 2 == 0 ? "1" : "+Inf";
                }

                AddSamples(store, Loggregator.PromQl.Storage.Labels.Of(pairs), minutes);
            }
        }

        return store;
    }

    /// <summary>An instant vector or a scalar.</summary>
    public string Query(int depth = 4) => _random.Next(6) == 0 ? Scalar(depth) : Vector(depth);

    /// <summary>An aggregation over something that is evaluated for each series by itself.</summary>
    public string Aggregation(int depth = 2)
    {
        var choice = _random.Next(3) == 0;
        return choice ? $"{Pick("topk", "bottomk")}{Grouping()}({Pick("0", "1", "2 + 1", "9")}, {OfEachSeries(depth)})"
            : $"{Pick("sum", "avg", "count", "min", "max", "group")}{Grouping()}({OfEachSeries(depth)})";
    }

    private string OfEachSeries(int depth) => (depth <= 0 ? 0 : _random.Next(6)) switch
    {
        0 => Selector() + Times(),
        1 => $"{Pick("abs", "ceil", "sgn", "hour", "timestamp")}({OfEachSeries(depth - 1)})",
        2 => $"({OfEachSeries(depth - 1)}) {Pick("+", "-", "*", "/", ">", "<= bool", "!=")} {Pick("1", "0.5", "time()", "-pi()")}",
        3 => Pick($"-({OfEachSeries(depth - 1)})", $"clamp_max({OfEachSeries(depth - 1)}, 7)", $"round({OfEachSeries(depth - 1)}, 0.25)"),
        _ => $"{Pick(Windowed)}({Window(0)})",
    };

    private void AddSamples(MemorySeries store, Labels labels, int minutes)
    {
        var value = common ? 1000 + _random.NextDouble() : 0; // so large that both extrapolate in the same way
        for (var time = (origin * 1000) + _random.Next(15_000); time < (origin + (minutes * 60L)) * 1000; time += 15_000)
        {
            value = _random.Next(20) == 0 ? (common ? value * 0.8 : 0) : value + _random.Next(10) + (common ? _random.NextDouble() : 0);
            switch (_random.Next(60))
            {
                case 0:
                    time += _random.Next(400_000); // a gap, sometimes past the lookback
                    break;
                case 1:
                    store.Append(labels, time, Sample.Stale);
                    break;
                case 2 when labels.Name == "load":
                    store.Append(labels, time, Pick(double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0, 1e300));
                    break;
                default:
                    store.Append(labels, time, value);
                    break;
            }
        }
    }

    private T Pick<T>(params ReadOnlySpan<T> choices)
    {
        T choice;
        do
        {
            choice = choices[_random.Next(choices.Length)];
        }
        while (common && choice is string text && SinceThen.Contains(text));
        return choice;
    }

    private string Duration() => Pick("1m", "5m", "90s", "10m", "1m30s", "15000ms", "60");

    private string Times() => Pick("", "", "", " offset 1m", " offset -2m", $" @ {origin + 300}", $" @ {origin + 600}.5", " @ start()", " @ end()", " @ end() offset 30s", $" offset 1m @ {origin + 900}");

    private string Selector()
    {
        var matcher = Pick("", "", "job=\"a\"", "job!=\"a\"", "instance=~\"0|1|2\"", "instance!~\"[12]\"", "job=~\".+\", instance!=\"3\"", "nope=\"\"");
        return Pick(Metrics) + (matcher.Length > 0 ? "{" + matcher + "}" : Pick("", "{}"));
    }

    private string Window(int depth) => depth > 1 && _random.Next(3) == 0
        ? $"({Vector(depth - 1)})[{Duration()}:{Pick("", "30s", "1m", "7s")}]{Times()}"
        : $"{Selector()}[{Duration()}]{Times()}";

    private string Scalar(int depth) => (depth <= 0 ? 0 : _random.Next(5)) switch
    {
        0 or 1 => Pick("1", "0.5", "-3", "2e3", "0x10", "2m", "Inf", "NaN", "time()", "pi()"),
        2 => $"scalar({Vector(depth - 1)})",
        3 => $"({Scalar(depth - 1)} {Pick("+", "-", "*", "/", "%", "^", "atan2", "> bool", "== bool")} {Scalar(depth - 1)})",
        _ => $"-{Scalar(depth - 1)}",
    };

    private string Vector(int depth)
    {
        if (depth <= 0)
        {
            return Selector() + Times();
        }

        var inner = depth - 1;
        return _random.Next(12) switch
        {
            0 => Selector() + Times(),
            1 => $"{Pick(Unary)}({Vector(inner)})",
            2 or 3 => $"{Pick(Windowed)}({Window(inner)})",
            4 => $"{Pick("sum", "avg", "count", "min", "max", "group", "stddev", "stdvar")}{Grouping()}({Vector(inner)})",
            5 => $"{Pick("topk", "bottomk", "limitk")}{Grouping()}({Pick("1", "2", "3")}, {(common ? "requests_total" + Times() : Vector(inner))})", // of equal ones it takes any
            6 => $"{Pick("quantile", "limit_ratio")}{Grouping()}({Pick("0.3", "0.9", "-0.5", "1")}, {Vector(inner)})",
            7 => $"({Vector(inner)}) {Pick("+", "-", "*", "/", "%", "^", ">", "<= bool", "!=")} {Scalar(inner)}",
            8 => $"{Scalar(inner)} {Pick("+", "*", "<", ">= bool")} ({Vector(inner)})",
            9 => Join(inner),
            10 => Pick(
                $"({Vector(inner)})", $"-({Vector(inner)})", $"vector({Scalar(inner)})", $"absent({Vector(inner)})", $"round({Vector(inner)}, 0.25)", $"clamp({Vector(inner)}, 1, 20)",
                $"label_replace({Vector(inner)}, \"new\", \"$1x\", \"instance\", \"(.*)\")", $"label_join({Vector(inner)}, \"new\", \"-\", \"job\", \"instance\")"),
            _ => Pick(
                $"histogram_quantile({Scalar(0)}, {Vector(inner)})", $"quantile_over_time({(common ? "0.7" : Scalar(0))}, {Window(inner)})", $"predict_linear({(common ? Selector() + "[10m]" : Window(inner))}, {Scalar(0)})",
                $"holt_winters({Window(inner)}, 0.5, 0.1)", $"count_values{Grouping()}(\"value\", {(common ? Selector() : Vector(inner))})", // in all digits
                $"stddev{Grouping()}(requests_total{Times()})", $"stdvar{Grouping()}(latency_bucket{Times()})"),
        };
    }

    private string Join(int depth)
    {
        var (left, right) = ($"({Vector(depth)})", $"({Vector(depth)})");
        return _random.Next(4) == 0
            ? $"{left} {Pick("and", "or", "unless")} {Pick("", "on(job) ", "ignoring(le) ", "on() ")}{right}"
            : $"{left} {Pick("+", "-", "/", "==", "> bool")} {Pick("", "on(job, instance) ", "ignoring(le) ", "on(job) group_left () ", "ignoring(instance) group_right(le) ")}{right}";
    }

    private string Grouping() => Pick("", "", $" by ({Pick(Labels)}) ", $" without ({Pick(Labels)}, instance) ", " by (job, __name__) ", " by () ");
}
