using System.Collections.Frozen;
using static Loggregator.PromQl.Syntax.ValueKind;

namespace Loggregator.PromQl.Syntax;

/// <summary>A function's name and types.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Arguments">Its arguments' types.</param>
/// <param name="Optional">How many of the last may be missing or, beyond the first, follow; -1 for any number of the last type.</param>
/// <param name="Returns">What it yields.</param>
/// <param name="Experimental">Whether it needs the switch.</param>
internal sealed record FunctionSignature(string Name, ValueKind[] Arguments, int Optional, ValueKind Returns, bool Experimental)
{
    private static readonly FrozenDictionary<string, FunctionSignature> All = Declare().ToFrozenDictionary(function => function.Name);

    /// <summary>Functions whose value depends on the time of evaluation even where their arguments do not.</summary>
    private static readonly FrozenSet<string> TimeDependent = FrozenSet.Create(
        "days_in_month", "day_of_month", "day_of_week", "day_of_year", "hour", "minute", "month", "year", "predict_linear", "time", "timestamp");

    /// <summary>The names of all functions.</summary>
    public static IEnumerable<string> Names => All.Keys;

    public bool DependsOnTime => TimeDependent.Contains(Name);

    public static FunctionSignature? Find(string name) => All.GetValueOrDefault(name);

    private static IEnumerable<FunctionSignature> Declare()
    {
        string[] ofVector =
        [
            "abs", "absent", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "deg", "exp", "floor", "histogram_avg", "histogram_count",
            "histogram_stddev", "histogram_stdvar", "histogram_sum", "ln", "log10", "log2", "rad", "sgn", "sin", "sinh", "sort", "sort_desc", "sqrt", "tan", "tanh", "timestamp",
        ];
        string[] ofRange =
        [
            "absent_over_time", "avg_over_time", "changes", "count_over_time", "delta", "deriv", "idelta", "increase", "irate", "last_over_time", "max_over_time",
            "min_over_time", "present_over_time", "rate", "resets", "stddev_over_time", "stdvar_over_time", "sum_over_time",
        ];
        string[] ofDates = ["day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year"];
        return
        [
            .. ofVector.Select(name => new FunctionSignature(name, [Vector], 0, Vector, false)),
            .. ofRange.Select(name => new FunctionSignature(name, [Matrix], 0, Vector, false)),
            .. ofDates.Select(name => new FunctionSignature(name, [Vector], 1, Vector, false)),
            new("clamp", [Vector, Scalar, Scalar], 0, Vector, false),
            new("clamp_max", [Vector, Scalar], 0, Vector, false),
            new("clamp_min", [Vector, Scalar], 0, Vector, false),
            new("histogram_fraction", [Scalar, Scalar, Vector], 0, Vector, false),
            new("histogram_quantile", [Scalar, Vector], 0, Vector, false),
            new("holt_winters", [Matrix, Scalar, Scalar], 0, Vector, false),
            new("label_join", [Vector, ValueKind.String, ValueKind.String, ValueKind.String], -1, Vector, false),
            new("label_replace", [Vector, ValueKind.String, ValueKind.String, ValueKind.String, ValueKind.String], 0, Vector, false),
            new("mad_over_time", [Matrix], 0, Vector, true),
            new("pi", [], 0, Scalar, false),
            new("predict_linear", [Matrix, Scalar], 0, Vector, false),
            new("quantile_over_time", [Scalar, Matrix], 0, Vector, false),
            new("round", [Vector, Scalar], 1, Vector, false),
            new("scalar", [Vector], 0, Scalar, false),
            new("sort_by_label", [Vector, ValueKind.String], -1, Vector, true),
            new("sort_by_label_desc", [Vector, ValueKind.String], -1, Vector, true),
            new("time", [], 0, Scalar, false),
            new("vector", [Scalar], 0, Vector, false),
        ];
    }
}
